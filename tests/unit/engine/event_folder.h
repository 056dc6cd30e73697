/* event_folder - a folder of the test's own with a store of events in it. */
#pragma once

#include "test_own_folder.h"

#include <sqlite3.h>

#include "event_testing.h"

static inline struct event_store *folder_open(const char *boot)
{
    struct err err = ERR_EMPTY;
    struct event_store *store = event_store_open(folder_path, boot, &err);
    if (!store)
        fail_msg("%s", err.text);
    return store;
}

static inline void folder_sql(const char *sql)
{
    char path[300];
    snprintf(path, sizeof path, "%s/events.db", folder_path);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}
