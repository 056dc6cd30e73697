/* block - bytes rendered once and sent to many: a counted reference, freed by the last user.
 *
 * Loop thread only, so the count is a plain number. The content never changes after block_from.
 */
#pragma once

#include <stddef.h>

struct block {
    size_t refs, length;
    char data[];
};

/* A block with a copy of the bytes and one reference; NULL when out of memory. */
struct block *block_from(const char *bytes, size_t length);

/* One more reference; returns `block`. */
struct block *block_ref(struct block *block);

/* One reference less; accepts NULL, returns NULL. */
struct block *block_unref(struct block *block);
