#include "driver/library.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "driver/gpio.h"
#include "driver/modbus.h"
#include "driver/sim.h"
#include "driver/sunspec.h"
#include "driver/sunspec_models.h"

/* The drivers, each with its fixed names: those that need no file. */
static void add_sunspec(struct driver_library *library);
static void add_sim(struct driver_library *library);
static void add_gpio(struct driver_library *library);

static const struct library_driver {
    const struct driver *driver;
    void (*add)(struct driver_library *library); /* NULL: none */
} drivers[] = {
    {&modbus_driver, NULL},
    {&sunspec_driver, add_sunspec},
    {&sim_driver, add_sim},
    {&gpio_driver, add_gpio},
};

#define DRIVER_COUNT (sizeof drivers / sizeof *drivers)

struct driver_library {
    struct library_entry *entries; /* sorted by name */
    size_t count, capacity;
    struct map by_name; /* names and aliases -> entry */
    const char **words; /* the same, sorted */
    size_t word_count;
    struct sunspec_models models;
    struct profile **profiles; /* all that were read, also replaced ones */
    size_t profile_count, profile_capacity;
};

/* ---- life ------------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    const struct library_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Elements are pointers to text, as in words. */
static int by_text(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* Map and words anew from the entries. A name goes before an alias of the same text. */
static void index_entries(struct driver_library *library)
{
    qsort(library->entries, library->count, sizeof *library->entries, by_name);
    map_deinit(&library->by_name);
    size_t most = library->count + 1;
    for (size_t i = 0; i < library->count; i++) {
        const struct profile *profile = library->entries[i].profile;
        most += profile ? profile->alias_count : 0;
    }
    library->words = mem_resize(library->words, most * sizeof *library->words);
    library->word_count = 0;
    for (size_t i = 0; i < library->count; i++) {
        struct library_entry *entry = &library->entries[i];
        map_set(&library->by_name, entry->name, entry);
        library->words[library->word_count++] = entry->name;
    }
    for (size_t i = 0; i < library->count; i++) {
        struct library_entry *entry = &library->entries[i];
        for (size_t k = 0; entry->profile && k < entry->profile->alias_count; k++) {
            const char *alias = entry->profile->aliases[k];
            if (map_get(&library->by_name, alias))
                continue;
            map_set(&library->by_name, alias, entry);
            library->words[library->word_count++] = alias;
        }
    }
    qsort(library->words, library->word_count, sizeof *library->words, by_text);
    library->words[library->word_count] = NULL;
}

/* Add, or replace the entry of this name. */
static void put_entry(struct driver_library *library, const struct library_entry *entry)
{
    for (size_t i = 0; i < library->count; i++) {
        if (strcmp(library->entries[i].name, entry->name) == 0) {
            library->entries[i] = *entry;
            return;
        }
    }
    library->entries =
        mem_grow(library->entries, library->count, &library->capacity, sizeof *library->entries);
    library->entries[library->count++] = *entry;
}

static void add_sunspec(struct driver_library *library)
{
    put_entry(library, &(struct library_entry){
                           .name = "sunspec",
                           .vendor = "",
                           .model = "SunSpec",
                           .title = "Device that describes itself with SunSpec models",
                           .role = "meter",
                           .driver = sunspec_driver.name,
                           .path = "",
                       });
}

static void add_sim(struct driver_library *library)
{
    const struct sim_entry *sim;
    for (size_t i = 0; (sim = sim_entry_at(i)); i++)
        put_entry(library, &(struct library_entry){
                               .name = sim->name,
                               .vendor = sim->vendor,
                               .model = sim->model,
                               .title = sim->title,
                               .role = sim->role,
                               .driver = sim_driver.name,
                               .path = "",
                           });
}

static void add_gpio(struct driver_library *library)
{
    put_entry(library, &(struct library_entry){
                           .name = "gpio",
                           .vendor = "Linux",
                           .model = "GPIO",
                           .title = "Digital lines of this machine, on a line of kind gpio",
                           .role = "relay",
                           .driver = gpio_driver.name,
                           .path = "",
                       });
}

struct driver_library *library_new(void)
{
    struct driver_library *library = mem_new(sizeof *library);
    for (size_t i = 0; i < DRIVER_COUNT; i++) {
        if (drivers[i].add)
            drivers[i].add(library);
    }
    index_entries(library);
    return library;
}

struct driver_library *library_free(struct driver_library *library)
{
    if (library) {
        for (size_t i = 0; i < library->profile_count; i++)
            profile_free(library->profiles[i]);
        sunspec_models_deinit(&library->models);
        map_deinit(&library->by_name);
        free(library->profiles);
        free(library->entries);
        free(library->words);
        free(library);
    }
    return NULL;
}

/* ---- reading folders ------------------------------------------------------------------------- */

/* Mistakes of a file as a whole have no line. */
static void add_fault(struct err_list *errors, const char *path, const char *text, const char *name)
{
    struct err err = ERR_EMPTY;
    err_set(&err, -EINVAL, "%s: %s \"%s\"", path, text, name);
    err_list_add(errors, &err);
}

/* A profile of the same folder must not take another's name; one of a later folder may. */
static bool names_are_free(const struct driver_library *library, const struct profile *profile,
                           size_t first, struct err_list *errors)
{
    const struct library_entry *built_in = map_get(&library->by_name, profile->name);
    if (built_in && !built_in->profile) {
        add_fault(errors, profile->path, "this name belongs to a driver:", profile->name);
        return false;
    }
    for (size_t i = first; i < library->profile_count; i++) {
        const struct profile *other = library->profiles[i];
        for (size_t k = 0; k <= profile->alias_count; k++) {
            const char *name = k ? profile->aliases[k - 1] : profile->name;
            bool taken = strcmp(other->name, name) == 0;
            for (size_t a = 0; a < other->alias_count; a++)
                taken |= strcmp(other->aliases[a], name) == 0;
            if (taken) {
                add_fault(errors, profile->path,
                          "name or alias is taken by another profile:", name);
                return false;
            }
        }
    }
    return true;
}

/* A replaced profile stays in memory: a device may be open on it. `first` is the first profile of
 * this folder. */
static bool load_profile(struct driver_library *library, const char *path, size_t first,
                         struct err_list *errors)
{
    struct profile *profile = profile_read_file(path, errors);
    if (!profile)
        return false;
    if (!names_are_free(library, profile, first, errors)) {
        profile_free(profile);
        return false;
    }
    library->profiles = mem_grow(library->profiles, library->profile_count,
                                 &library->profile_capacity, sizeof *library->profiles);
    library->profiles[library->profile_count++] = profile;
    struct library_entry entry = {
        .name = profile->name,
        .vendor = profile->vendor,
        .model = profile->model,
        .title = profile->title,
        .role = profile->role,
        .confirmed = profile->confirmed,
        .driver = modbus_driver.name,
        .path = profile->path,
        .profile = profile,
    };
    put_entry(library, &entry);
    return true;
}

/* Notes and the script that made the files may lie in the same folder. */
static int is_yaml(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 5 &&
           strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

size_t library_load(struct driver_library *library, const char *folder, struct err_list *errors)
{
    static const char *const kinds[] = {"modbus", "sunspec"};
    size_t read = 0, first = library->profile_count;
    for (size_t kind = 0; kind < 2; kind++) {
        char place[4096], path[8192];
        snprintf(place, sizeof place, "%s/%s", folder, kinds[kind]);
        struct dirent **list = NULL;
        int count = scandir(place, &list, is_yaml, alphasort);
        for (int i = 0; i < count; i++) {
            snprintf(path, sizeof path, "%s/%s", place, list[i]->d_name);
            read += kind == 0 ? load_profile(library, path, first, errors)
                              : sunspec_models_read_file(&library->models, path, errors);
            free(list[i]);
        }
        free(list);
    }
    index_entries(library);
    return read;
}

/* ---- asking ---------------------------------------------------------------------------------- */

size_t library_count(const struct driver_library *library)
{
    return library->count;
}

const struct library_entry *library_at(const struct driver_library *library, size_t index)
{
    return &library->entries[index];
}

const struct library_entry *library_find(const struct driver_library *library, const char *name,
                                         struct err *err)
{
    const struct library_entry *entry = map_get(&library->by_name, name);
    if (entry)
        return entry;
    const char *nearest =
        nearest_word(name, library->words, library->word_count, sizeof *library->words);
    err_set(err, -ENOENT, "there is no profile \"%.60s\"%s%s%s", name,
            nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    return NULL;
}

const char *const *library_words(const struct driver_library *library)
{
    return library->words;
}

const struct driver *library_resolve(void *library, const char *profile, void **opened_with)
{
    const struct library_entry *entry = library_find(library, profile, NULL);
    for (size_t i = 0; entry && i < DRIVER_COUNT; i++) {
        if (strcmp(drivers[i].driver->name, entry->driver) == 0) {
            *opened_with = library;
            return drivers[i].driver;
        }
    }
    return NULL;
}

const struct sunspec_models *library_sunspec(const struct driver_library *library)
{
    return &library->models;
}
