/* mem - memory that is decided when configuration is loaded.
 *
 * Start-up and reload use mem_* (which end the program when memory is gone: there is nothing to run
 * yet) and arenas freed as a whole; what a client makes us hold uses plain malloc with a check and
 * a refusal. The steady state allocates nothing.
 */
#pragma once

#include <stddef.h>

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
