/* library - the profiles that are known: which driver serves a name, and what to show about it.
 *
 * Holds all drivers' knowledge about devices: Modbus profiles and SunSpec models read from folders,
 * and the fixed names of drivers that need no file. Read at start and by `busbar check`; constant
 * afterwards. It must outlive every device opened from it, since their points borrow its words.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "driver/profile.h"
#include "field/driver.h"

struct driver_library;
struct sunspec_models;

/* A profile as lists show it. Texts live with the library. */
struct library_entry {
    const char *name, *vendor, *model, *title, *role;
    int confirmed;                 /* independent sources that agree, 0 when not known */
    const char *driver;            /* "modbus", "sunspec", "sim" */
    const char *path;              /* of its file, "" for built-in ones */
    const struct profile *profile; /* NULL unless driver is "modbus" */
};

/* An empty library: only the names that need no file. library_free accepts NULL and returns NULL.
 */
struct driver_library *library_new(void);
struct driver_library *library_free(struct driver_library *library);

/* Read `folder`/modbus/ and `folder`/sunspec/, all *.yaml in them. Call it again for the folder of
 * a person: a profile of the same name there replaces the earlier one. Every mistake is added to
 * `errors`, the file with it is left out. Returns the number of profiles read; a folder that is
 * missing holds none. */
size_t library_load(struct driver_library *library, const char *folder, struct err_list *errors);

/* Entries sorted by name. */
size_t library_count(const struct driver_library *library);
const struct library_entry *library_at(const struct driver_library *library, size_t index);

/* By name or alias; NULL when there is none, then `err` names the nearest. */
const struct library_entry *library_find(const struct driver_library *library, const char *name,
                                         struct err *err);

/* Names and aliases, sorted, NULL-terminated: the word list "profiles" of a config_schema. Valid
 * until the next load. */
const char *const *library_words(const struct driver_library *library);

/* The driver that serves a profile, and in `*opened_with` the library for its open(); NULL when
 * there is none. Made to be field_resolver.find with the library as its user. */
const struct driver *library_resolve(void *library, const char *profile, void **opened_with);

/* For the SunSpec driver. */
const struct sunspec_models *library_sunspec(const struct driver_library *library);
