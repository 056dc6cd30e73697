#include "base/map.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct map_entry {
    const char *key; /* NULL: free */
    void *value;
    uint64_t hash;
};

void map_deinit(struct map *map)
{
    free(map->entries);
    *map = MAP_EMPTY;
}

/* FNV-1a, 64 bit (draft-eastlake-fnv). Keys are our own names, not chosen by attackers. */
static uint64_t hash_text(const char *text, size_t length)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return hash;
}

/* The entry that holds `key`, or the free one where it would go. Capacity is a power of two above
 * count. */
static struct map_entry *find(const struct map *map, const char *key, size_t length, uint64_t hash)
{
    size_t slot = (size_t)hash & (map->capacity - 1);
    for (;; slot = (slot + 1) & (map->capacity - 1)) {
        struct map_entry *entry = &map->entries[slot];
        if (!entry->key || (entry->hash == hash && strncmp(entry->key, key, length) == 0 &&
                            entry->key[length] == '\0'))
            return entry;
    }
}

void *map_get_n(const struct map *map, const char *key, size_t length)
{
    if (!map->count)
        return NULL;
    return find(map, key, length, hash_text(key, length))->value;
}

void *map_get(const struct map *map, const char *key)
{
    return map_get_n(map, key, strlen(key));
}

static void insert(struct map *map, const char *key, void *value, uint64_t hash)
{
    struct map_entry *entry = find(map, key, strlen(key), hash);
    if (!entry->key)
        map->count++;
    *entry = (struct map_entry){.key = key, .value = value, .hash = hash};
}

void map_set(struct map *map, const char *key, void *value)
{
    if ((map->count + 1) * 4 > map->capacity * 3) {
        struct map larger = {.capacity = map->capacity ? map->capacity * 2 : 16};
        larger.entries = mem_new(larger.capacity * sizeof *larger.entries);
        for (size_t i = 0; i < map->capacity; i++) {
            struct map_entry *entry = &map->entries[i];
            if (entry->key)
                insert(&larger, entry->key, entry->value, entry->hash);
        }
        free(map->entries);
        *map = larger;
    }
    insert(map, key, value, hash_text(key, strlen(key)));
}

void map_remove(struct map *map, const char *key)
{
    if (!map->count)
        return;
    struct map_entry *entry = find(map, key, strlen(key), hash_text(key, strlen(key)));
    if (!entry->key)
        return;
    map->count--;
    /* Close the gap, so that searches that step over it still find what lies behind (Knuth 6.4 R).
     */
    size_t hole = (size_t)(entry - map->entries);
    for (size_t slot = (hole + 1) & (map->capacity - 1); map->entries[slot].key;
         slot = (slot + 1) & (map->capacity - 1)) {
        size_t home = (size_t)map->entries[slot].hash & (map->capacity - 1);
        if (((slot - home) & (map->capacity - 1)) >= ((slot - hole) & (map->capacity - 1))) {
            map->entries[hole] = map->entries[slot];
            hole = slot;
        }
    }
    map->entries[hole] = (struct map_entry){0};
}
