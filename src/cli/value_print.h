/* value_print - values of the API as lines for a person. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Print an array of values as an aligned table. Returns the exit status: failed when the answer is
 * no such array, or when it is empty and `must_exist`. */
int value_print_list(const char *bytes, size_t length, bool must_exist);

/* The same, one value a line with its time, without alignment: for a stream. */
void value_print_lines(const char *bytes, size_t length);
