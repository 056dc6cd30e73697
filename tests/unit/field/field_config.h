/* field_config - a configuration from text, with the tables of field and three profiles. */
#pragma once

#include "test.h"

#include "base/file.h"
#include "field/device_settings.h"
#include "field/line_settings.h"
#include "model/config.h"

static inline struct config *field_config(const char *text, struct err_list *errors)
{
    static const struct setting_table *const tables[] = {&line_settings_table,
                                                         &device_settings_table, NULL};
    static const char *const profiles[] = {"eastron-sdm630", "legrand-emdx3-412045", "testing",
                                           NULL};
    static const struct config_words words[] = {{"profiles", profiles}};
    static const struct config_schema schema = {.tables = tables, .words = words, .word_lists = 1};
    char path[] = "/tmp/busbar-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "w");
    fputs(text, file);
    fclose(file);
    struct config *config = config_load(&schema, path, NULL, NULL, 0, errors);
    remove(path);
    return config;
}
