/* test_allocations - counts malloc, calloc and realloc of the program it is included in (one file
 * each).
 *
 * A sanitizer has the allocator to itself: then the count stands still, and tests that compare two
 * counts test the rest of what they do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "test_sanitized.h"

static size_t test_allocations;

#ifdef TEST_SANITIZED
#define TEST_ALLOCATIONS_COUNTED false
#else
#define TEST_ALLOCATIONS_COUNTED true

/* glibc's own, under the names that it exports for those who replace malloc. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size)
{
    test_allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    test_allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    test_allocations++;
    return __libc_realloc(memory, size);
}
#endif
