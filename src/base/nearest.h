/* nearest - the valid word that a mistyped one was probably meant to be. */
#pragma once

#include <stddef.h>

/* Among `count` words (`words[i * stride bytes]` is a const char *), the one with the smallest edit
 * distance to `word`, or NULL when none is near enough to be a sensible guess. */
const char *nearest_word(const char *word, const void *words, size_t count, size_t stride);

/* Edit distance (insertions, deletions, replacements, swaps of neighbours), for words up to 63
 * characters; longer ones are compared by their beginnings. */
int nearest_distance(const char *a, const char *b);
