/* config_private - the inside of a configuration, shared by the config_*.c files; nobody else
 * includes this.
 *
 * A configuration is built in steps: config_read.c takes the site file, config_overlay.c the
 * overlay and the changes, config_finish.c looks at what only shows when everything is there. Each
 * reports its mistakes and goes on.
 */
#pragma once

#include "base/map.h"
#include "base/mem.h"
#include "model/config.h"
#include "model/limits.h"

#define CONFIG_KEY_MAX 192 /* "table.record.row", with its end */
#define CONFIG_RECORDS_MAX LIMIT_DEVICES

/* Where something was given; the order is that of messages. */
enum config_origin { CONFIG_ORIGIN_SITE, CONFIG_ORIGIN_OVERLAY, CONFIG_ORIGIN_CHANGE };

struct config_place {
    enum config_origin origin;
    int line, column; /* of the site file; 0 when unknown */
};

struct config_value {
    enum config_source source;
    struct config_place place; /* unless CONFIG_DEFAULT */
    bool mistaken;
};

struct config_record {
    const char *name; /* first member, for nearest_word; NULL in plain tables */
    void *fields;
    struct config_value *values; /* one per row */
    enum config_source source;
    struct config_place place;
    bool mistaken;
};

struct config_table {
    const char *name; /* first member, for nearest_word */
    const struct setting_table *table;
    struct config_record *records; /* of a plain table: one */
    size_t count, capacity;
    struct map by_name; /* collections: name -> index + 1 */
};

/* A key of the overlay after the changes. */
struct config_entry {
    const char *key, *text; /* text NULL: removed */
    bool changed;           /* by a change of this load */
    bool taken;             /* in effect: saved again */
};

struct config {
    const struct config_schema *schema;
    struct arena *arena;
    const char *site_path, *overlay_path; /* as messages name them */
    struct config_table *tables;
    size_t table_count;
    struct config_entry *entries;
    size_t entry_count, entry_capacity;
    struct map entries_by_key;      /* index + 1 */
    char *asked_name, *asked_place; /* what the last config_key() answered points to */
};

struct config_mistake {
    struct config_place place;
    size_t order;
    struct err err;
};

struct config_build {
    struct config *config;
    struct config_mistake *mistakes;
    size_t count, capacity;
    size_t unsaid; /* beyond what is kept */
    bool broken;   /* a file could not be read at all: what it would have defined is not missing */
};

/* ---- config.c -------------------------------------------------------------------------------- */

/* What a key means. */
struct config_spot {
    struct config_table *table;
    const struct setting_row *row; /* NULL: a whole record */
    char name[LIMIT_PATH + 1];     /* of the record, "" for plain tables */
};

/* 0: a row, 1: "table.name" that may be a whole record (then `err` says what is wrong if there is
 * none such), or -ENOENT with the nearest key in `err`. */
int config_resolve(const struct config *config, const char *key, struct config_spot *spot,
                   struct err *err);

struct config_table *config_table(const struct config *config, const struct setting_table *table);

/* The record called `name` (ignored for plain tables), or NULL. */
struct config_record *config_record_find(const struct config_table *table, const char *name);

/* "busbar.yaml:3:12", the path of the overlay, or "". */
void config_format_place(const struct config *config, struct config_place place, char *text,
                         size_t size);

/* Fill `found`; `record` may be NULL. Its place is valid until the next call. */
void config_describe(const struct config *config, const struct config_table *table,
                     const struct config_record *record, const struct setting_row *row,
                     struct config_key *found);
void config_format_key(const struct config_table *table, const struct config_record *record,
                       const char *row_key, char *key, size_t size);

/* ---- config_build.c -------------------------------------------------------------------------- */

/* Note a mistake; `format` is the sentence behind the place. */
void config_mistake(struct config_build *build, struct config_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with a sentence that names its place itself: a file that cannot be read. */
void config_mistake_file(struct config_build *build, enum config_origin origin,
                         const char *sentence);

/* A record with all rows at their defaults; NULL after a mistake with the name. */
struct config_record *config_add_record(struct config_build *build, struct config_table *table,
                                        const char *name, enum config_source source,
                                        struct config_place place);

/* Give a row its value; `text` is copied. */
void config_set(struct config_build *build, const struct config_table *table,
                struct config_record *record, const struct setting_row *row, const char *text,
                enum config_source source, struct config_place place);

/* 0, or -EINVAL and the sentence why this cannot be a record's name. */
int config_check_name(const struct setting_table *table, const char *name, struct err *err);

/* Mistakes that show only when everything has been read: what is missing, references, the tables'
 * own checks. */
void config_finish(struct config_build *build);

/* ---- config_read.c, config_overlay.c --------------------------------------------------------- */

/* Each notes mistakes and takes what it can. */
void config_read_site(struct config_build *build);
void config_read_overlay(struct config_build *build);
void config_lay_changes(struct config_build *build, const struct config_change *changes,
                        size_t count);
void config_lay_overlay(struct config_build *build);
