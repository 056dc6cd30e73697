/* mem - memory that is decided when configuration is loaded.
 *
 * Start-up and reload use mem_* and arenas freed as a whole; what a client makes us hold uses plain
 * malloc with a check and a refusal. The steady state allocates nothing.
 *
 * mem_* do not fail. At the start, when there is nothing to run yet, they end the program with a
 * sentence. A program that runs holds a reserve (mem_reserve), which they give back to the heap
 * first: whoever begins something larger asks for the reserve before, and refuses when it cannot be
 * had. Callable from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What the largest change of settings takes, with room to spare: a thousand devices need 2 MiB. */
#define MEM_RESERVE ((size_t)8 << 20)

/* Whether the reserve is there, or could be put aside again. */
bool mem_reserve(void);

/* Give it back to the heap: before the call of a library that does not survive without memory, and
 * at the end. */
void mem_lend(void);

/* Zeroed memory, array growth, and text copies; never NULL. Freed with free(). */
void *mem_new(size_t size);
void *mem_resize(void *memory, size_t size);
char *mem_text(const char *text);

/* Makes room for one more element: doubles `*capacity` when `count` has reached it. */
void *mem_grow(void *array, size_t count, size_t *capacity, size_t element_size);

struct arena;

/* An empty arena; arena_free accepts NULL and returns NULL. */
struct arena *arena_new(void);
struct arena *arena_free(struct arena *arena);

/* Zeroed memory, aligned for any type, that lives as long as the arena. */
void *arena_take(struct arena *arena, size_t size);
char *arena_text(struct arena *arena, const char *text);
char *arena_text_n(struct arena *arena, const char *text, size_t length);
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
