#include "failing_heap.h"

#include "test.h"
#include "test_sanitized.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/mem.h"

static atomic_int mode_now;
static atomic_long heap_count, heap_fails_at, heap_used, heap_begin, heap_level;
static atomic_bool ours_only;
extern const char __executable_start, etext;

static bool refuses(size_t size, const void *caller)
{
    bool ours = (const char *)caller >= &__executable_start && (const char *)caller < &etext;
    if (ours_only && !ours)
        return false;
    long count = atomic_fetch_add(&heap_count, 1) + 1;
    if (mode_now == HEAP_HEALTHY || count < heap_fails_at)
        return false;
    if (mode_now == HEAP_ONCE)
        return count == heap_fails_at;
    if (count == heap_fails_at)
        heap_level = heap_used > heap_begin ? heap_used : heap_begin;
    return heap_used + (long)size > heap_level;
}

static void *took(void *memory)
{
    if (memory)
        heap_used += (long)malloc_usable_size(memory);
    return memory;
}

static void gave(void *memory)
{
    if (memory)
        heap_used -= (long)malloc_usable_size(memory);
}

#ifdef TEST_SANITIZED
#define REAL(name) __real_##name
#define OURS(name) __wrap_##name
#else
#define REAL(name) __libc_##name
#define OURS(name) name
#endif
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *memory, size_t size);
void REAL(free)(void *memory);
void *OURS(malloc)(size_t size);
void *OURS(calloc)(size_t count, size_t size);
void *OURS(realloc)(void *memory, size_t size);
void OURS(free)(void *memory);

static void *nothing(void)
{
    errno = ENOMEM;
    return NULL;
}

void *OURS(malloc)(size_t size)
{
    return refuses(size, __builtin_return_address(0)) ? nothing() : took(REAL(malloc)(size));
}

void *OURS(calloc)(size_t count, size_t size)
{
    return refuses(count * size, __builtin_return_address(0)) ? nothing()
                                                              : took(REAL(calloc)(count, size));
}

void *OURS(realloc)(void *memory, size_t size)
{
    if (refuses(size, __builtin_return_address(0)))
        return nothing();
    gave(memory);
    void *larger = REAL(realloc)(memory, size);
    return took(larger ? larger : memory) && larger ? larger : NULL;
}

void OURS(free)(void *memory)
{
    gave(memory);
    REAL(free)(memory);
}

void heap_refuse_ours_only(bool only)
{
    ours_only = only;
}

void heap_refuse_growth(void)
{
    heap_count = 0;
    heap_fails_at = 1;
    mode_now = HEAP_FOR_GOOD;
}

long heap_allow(void)
{
    mode_now = HEAP_HEALTHY;
    return heap_count;
}

void heap_try(enum heap_mode mode, bool with_reserve, void (*attempt)(void *user), void *user)
{
    long tried = 0, at = 1;
    for (;; at += 1 + at / 64) { /* every one of the first, then every second, third, ... */
        assert_true(mem_reserve());
        heap_count = 0;
        heap_fails_at = at;
        heap_begin = mode == HEAP_FOR_GOOD && with_reserve ? (long)heap_used : 0;
        mode_now = mode;
        attempt(user);
        mode_now = HEAP_HEALTHY;
        tried++;
        if (heap_count < at)
            break;
    }
    print_message("# %ld allocations, %ld of them failed %s\n", at, tried,
                  mode == HEAP_ONCE ? "once" : "for good");
    assert_true(tried > 3); /* else nothing was tried at all */
}

void heap_try_both(bool with_reserve, void (*attempt)(void *user), void *user)
{
    heap_try(HEAP_ONCE, with_reserve, attempt, user);
    heap_try(HEAP_FOR_GOOD, with_reserve, attempt, user);
}
