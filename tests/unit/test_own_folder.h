/* test_own_folder - one folder for each test of a file, as cmocka's setup and teardown. */
#pragma once

#include "test.h"
#include "test_folder.h"

static char folder_path[200];

static inline int folder_make(void **state)
{
    (void)state;
    test_folder(folder_path, sizeof folder_path);
    return 0;
}

static inline int folder_remove(void **state)
{
    (void)state;
    test_folder_remove(folder_path);
    return 0;
}
