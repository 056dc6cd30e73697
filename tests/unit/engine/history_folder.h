/* history_folder - a folder of the test's own with a history in it. */
#pragma once

#include "test_own_folder.h"

#include <sqlite3.h>

#include "history_testing.h"

static inline struct history_store *folder_open(void)
{
    struct err err = ERR_EMPTY;
    struct history_store *store = history_store_open(folder_path, "boot-1", &err);
    if (!store)
        fail_msg("%s", err.text);
    return store;
}

static inline int64_t folder_number(const char *sql)
{
    char path[300];
    snprintf(path, sizeof path, "%s/history.db", folder_path);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}
