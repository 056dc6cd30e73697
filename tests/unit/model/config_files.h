/* config_files - a site file and an overlay in a folder of the test's own, read as the daemon reads
 * them, and the mistakes in them as one text. */
#pragma once

#include "test.h"
#include "test_folder.h"

#include "config_testing.h"
#include "model/config.h"

static char files_folder[200], files_site[240], files_overlay[240];

static inline int files_set_up(void **state)
{
    (void)state;
    test_folder(files_folder, sizeof files_folder);
    snprintf(files_site, sizeof files_site, "%s/busbar.yaml", files_folder);
    snprintf(files_overlay, sizeof files_overlay, "%s/overlay.json", files_folder);
    return 0;
}

static inline int files_tear_down(void **state)
{
    (void)state;
    test_folder_remove(files_folder);
    return 0;
}

static const char files_good_site[] =
    "# the cellar\n"
    "web:\n"
    "  https: 443\n"
    "  view: open\n"
    "  idle: 30 min\n"
    "lines:\n"
    "  bus-1: {port: /dev/ttyUSB0, baud: 9600}\n"
    "  spare.2: {port: /dev/ttyUSB1}\n"
    "devices:\n"
    "  meter-1:\n"
    "    line: bus-1\n"
    "    unit: 7\n"
    "    profile: eastron-sdm630\n"
    "    fed_by: mains\n"
    "  meter-2: {line: bus-1, unit: 8, profile: abb-b23, fed_by: meter-1}\n";

static inline struct config *files_load(const char *site_text, const char *overlay_text,
                                        const struct config_change *changes, size_t count,
                                        struct err_list *errors)
{
    if (site_text)
        test_write_file(files_site, site_text);
    if (overlay_text)
        test_write_file(files_overlay, overlay_text);
    return config_load(&demo_schema, site_text ? files_site : NULL, files_overlay, changes, count,
                       errors);
}

static inline struct config *files_load_good(const char *site_text, const char *overlay_text,
                                             const struct config_change *changes, size_t count)
{
    struct err_list errors = {0};
    struct config *config = files_load(site_text, overlay_text, changes, count, &errors);
    for (size_t i = 0; i < errors.count; i++)
        print_error("%s\n", errors.list[i].text);
    assert_non_null(config);
    assert_int_equal(errors.count, 0);
    return config;
}

/* All mistakes, one a line, with the folder's name left out. */
static inline void files_mistakes(const char *site_text, const char *overlay_text,
                                  const struct config_change *changes, size_t count, char *text,
                                  size_t size)
{
    struct err_list errors = {0};
    *text = '\0';
    assert_null(files_load(site_text, overlay_text, changes, count, &errors));
    for (size_t i = 0, used = 0; i < errors.count; i++) {
        char line[ERR_TEXT_MAX + 2], *cut;
        snprintf(line, sizeof line, "%s\n", errors.list[i].text);
        while ((cut = strstr(line, files_folder)))
            memmove(cut, cut + strlen(files_folder) + 1,
                    strlen(cut + strlen(files_folder) + 1) + 1);
        used += (size_t)snprintf(text + used, size - used, "%s", line);
        assert_true(used < size);
    }
    err_list_deinit(&errors);
}

static inline void files_assert_mistakes(const char *site_text, const char *overlay_text,
                                         const struct config_change *changes, size_t count,
                                         const char *wanted)
{
    static char text[60000];
    files_mistakes(site_text, overlay_text, changes, count, text, sizeof text);
    assert_string_equal(text, wanted);
}
