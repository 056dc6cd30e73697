/* settings_change - how a request changes settings: the one way, whatever the operation is called.
 *
 * Looks at the role, at keys that are fixed in the site file and at If-Match, hands the change to
 * the daemon and answers when it is on disk and in force, or with every mistake. Loop thread only.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "model/config.h"

struct request;

#define SETTINGS_CHANGES_MOST 1024
#define SETTINGS_VALUE_MOST 4096
#define SETTINGS_KEY_MOST 256

/* The revision of the settings goes out as ETag. */
void settings_add_etag(struct request *request);

/* Each of these returns false when the request has been answered. */
bool settings_may_change(struct request *request, const char *key, const struct config_key *found);
bool settings_is_current(struct request *request); /* If-Match */

/* Change all or nothing; answers, perhaps later. The texts are copied. */
void settings_change(struct request *request, const struct config_change *list, size_t count);

/* Answers that the value of `key` has a type that no setting has. */
void settings_bad_value(struct request *request, const char *key);

/* ---- many at once ---------------------------------------------------------------------------- */

struct settings_changes {
    struct config_change list[SETTINGS_CHANGES_MOST]; /* texts are our own */
    size_t count;
};

/* NULL when answered. */
struct settings_changes *settings_changes_new(struct request *request);
void settings_changes_free(struct settings_changes *changes);

/* Check a key with its JSON value (null: back to the default) and add it. False when answered. */
bool settings_changes_add(struct request *request, struct settings_changes *changes,
                          const char *key, const json_t *value);

void settings_changes_apply(struct request *request, const struct settings_changes *changes);
