/* map - text to pointer, for names that are looked up often.
 *
 * Open addressing; keys and values are borrowed and must outlive their entry. Grows on insertion
 * only.
 */
#pragma once

#include <stddef.h>

struct map_entry;

struct map {
    struct map_entry *entries;
    size_t count, capacity;
};

#define MAP_EMPTY ((struct map){0})

void map_deinit(struct map *map);

/* The value stored under `key`, or NULL. */
void *map_get(const struct map *map, const char *key);
void *map_get_n(const struct map *map, const char *key, size_t length);

/* Store `value` (not NULL); an existing entry keeps its place and takes the new key pointer and
 * value. */
void map_set(struct map *map, const char *key, void *value);

/* Forget `key`; fine when it is not there. */
void map_remove(struct map *map, const char *key);
