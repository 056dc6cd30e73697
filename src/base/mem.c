#include "base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_SIZE 16384
#define ALIGNMENT 16

/* Of the whole program, as memory is; threads may need it too. */
static void *_Atomic mem_reserved;

bool mem_reserve(void)
{
    if (mem_reserved)
        return true;
    void *fresh = malloc(MEM_RESERVE), *none = NULL;
    if (fresh && !atomic_compare_exchange_strong(&mem_reserved, &none, fresh))
        free(fresh);
    return mem_reserved;
}

void mem_lend(void)
{
    free(atomic_exchange(&mem_reserved, NULL));
}

/* Memory was refused: give the reserve back and try a second time. If that did not help, there is
 * nothing left to go on with. */
static void give_way(bool again)
{
    static const char text[] = "busbar: out of memory\n";
    if (!again) {
        mem_lend();
        return;
    }
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        abort();
    abort();
}

void *mem_new(size_t size)
{
    void *memory;
    for (bool again = false; !(memory = calloc(1, size ? size : 1)); again = true)
        give_way(again);
    return memory;
}

void *mem_resize(void *memory, size_t size)
{
    void *larger;
    for (bool again = false; !(larger = realloc(memory, size ? size : 1)); again = true)
        give_way(again);
    return larger;
}

char *mem_text(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(mem_new(size), text, size);
}

void *mem_grow(void *array, size_t count, size_t *capacity, size_t element_size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity ? *capacity * 2 : 8;
    return mem_resize(array, *capacity * element_size);
}

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(ALIGNMENT) char bytes[];
};

struct arena {
    struct chunk *chunks;
};

struct arena *arena_new(void)
{
    return mem_new(sizeof(struct arena));
}

struct arena *arena_free(struct arena *arena)
{
    if (!arena)
        return NULL;
    for (struct chunk *chunk = arena->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(arena);
    return NULL;
}

void *arena_take(struct arena *arena, size_t size)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct chunk *chunk = arena->chunks;
    if (!chunk || chunk->size - chunk->used < size) {
        size_t room = size > CHUNK_SIZE / 4 ? size : CHUNK_SIZE;
        chunk = mem_new(sizeof *chunk + room);
        chunk->size = room;
        /* A big block goes behind the current one, whose rest stays in use. */
        if (arena->chunks && room == size) {
            chunk->next = arena->chunks->next;
            arena->chunks->next = chunk;
        } else {
            chunk->next = arena->chunks;
            arena->chunks = chunk;
        }
    }
    void *memory = chunk->bytes + chunk->used;
    chunk->used += size;
    return memory;
}

char *arena_text_n(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_take(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *arena_text(struct arena *arena, const char *text)
{
    return arena_text_n(arena, text, strlen(text));
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_take(arena, length < 0 ? 1 : (size_t)length + 1);
    if (length > 0)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}
