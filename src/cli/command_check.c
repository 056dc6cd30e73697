#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "base/yaml.h"
#include "cli/options.h"
#include "cli/places.h"
#include "daemon/daemon.h"
#include "driver/library.h"
#include "driver/profile.h"
#include "engine/alarm_rule.h"
#include "engine/history_rules.h"
#include "engine/outlet_groups.h"
#include "field/device_settings.h"
#include "field/field.h"
#include "field/line_settings.h"

/* A profile begins with the key `profile`. */
static bool is_profile(const char *path)
{
    struct err err = ERR_EMPTY;
    struct yaml *yaml = yaml_read_file(path, &err);
    bool found = yaml && yaml_root(yaml) && yaml_get(yaml_root(yaml), "profile");
    yaml_free(yaml);
    return found;
}

static void print_errors(const struct err *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "%s\n", list[i].text);
}

static int check_profile(const char *path)
{
    struct err_list errors = ERR_LIST_EMPTY;
    struct profile *profile = profile_read_file(path, &errors);
    if (profile)
        printf("%s: a sound profile, %zu points\n", path, profile->point_count);
    print_errors(errors.list, errors.count);
    err_list_deinit(&errors);
    bool sound = profile != NULL;
    profile_free(profile);
    return sound ? COMMAND_OK : COMMAND_FAILED;
}

/* Whether the pattern's first segment fits a device of the site. Which points a device will have is
 * known only once it answers. */
static bool fits_a_device(const struct config *config, const char *pattern, size_t length)
{
    char segment[256];
    size_t head = strcspn(pattern, "/");
    snprintf(segment, sizeof segment, "%.*s", (int)(head < length ? head : length), pattern);
    for (size_t i = 0; i < config_count(config, &device_settings_table); i++) {
        if (history_pattern_matches(segment, config_name_at(config, &device_settings_table, i)))
            return true;
    }
    return false;
}

/* No mistake: the device may come later. */
static void hint(const struct config *config, const struct setting_table *table, size_t index,
                 const char *points)
{
    char key[256];
    struct config_key found;
    size_t length;
    snprintf(key, sizeof key, "%s.%s.points", table->name, config_name_at(config, table, index));
    for (const char *word; (word = outlet_list_next(&points, &length));) {
        if (!fits_a_device(config, word, length) && config_key(config, key, &found, NULL) == 0)
            printf("%s: hint: %s: \"%.*s\" fits no device of this site\n", found.place, key,
                   (int)length, word);
    }
}

static void print_hints(const struct config *config)
{
    for (size_t i = 0; i < config_count(config, &history_rules_table); i++) {
        const struct history_rule_settings *rule = config_at(config, &history_rules_table, i);
        hint(config, &history_rules_table, i, rule->points);
    }
    for (size_t i = 0; i < config_count(config, &alarm_settings_table); i++) {
        const struct alarm_settings *rule = config_at(config, &alarm_settings_table, i);
        hint(config, &alarm_settings_table, i, rule->points);
    }
}

/* What only the drivers know: the profile is a word of the list, but of another kind of line. */
static void check_drivers(const struct config *config, struct driver_library *library,
                          struct err_list *errors)
{
    for (size_t i = 0; i < config_count(config, &device_settings_table); i++) {
        const struct device_settings *device = config_at(config, &device_settings_table, i);
        int line = config_find(config, &line_settings_table, device->line);
        void *opened_with;
        const struct driver *driver = library_resolve(library, device->profile, &opened_with);
        char key[256];
        struct config_key found;
        struct err err = ERR_EMPTY, mistake = ERR_EMPTY;
        snprintf(key, sizeof key, "devices.%s.profile",
                 config_name_at(config, &device_settings_table, i));
        if (line < 0 || !driver || config_key(config, key, &found, NULL) < 0 ||
            field_check_driver(driver, device->profile, device->line,
                               config_at(config, &line_settings_table, (size_t)line), &err) == 0)
            continue;
        err_set(&mistake, err.code, "%s: %s: %s", found.place, key, err.text);
        err_list_add(errors, &mistake);
    }
}

static int check_site(const char *path, struct driver_library *library)
{
    struct err_list errors = {0};
    struct config_words words = {.name = "profiles", .words = library_words(library)};
    struct config_schema schema = {.tables = daemon_tables, .words = &words, .word_lists = 1};
    struct config *config = config_load(&schema, path, NULL, NULL, 0, &errors);
    if (config)
        check_drivers(config, library, &errors);
    bool sound = config && !errors.count;
    if (sound)
        printf("%s: sound, %zu lines, %zu devices\n", path,
               config_count(config, &line_settings_table),
               config_count(config, &device_settings_table));
    if (config)
        print_hints(config);
    print_errors(errors.list, errors.count);
    err_list_deinit(&errors);
    config_free(config);
    return sound ? COMMAND_OK : COMMAND_FAILED;
}

int command_check(int argc, char **argv)
{
    const char *profiles = NULL;
    bool leave;
    const struct option_row rows[] = {
        {"profiles", "DIR", "device profiles (default: the shipped ones)", &profiles, NULL},
    };
    const struct options options = {
        .command = "check",
        .arguments = "FILE... [--profiles DIR]",
        .summary = "Finds every mistake in site files and profiles, each with line and column.",
        .rows = rows,
        .count = sizeof rows / sizeof *rows,
    };
    int words, status = options_parse(&options, argc, argv, &words, &leave);
    if (leave)
        return status;
    if (words == 0) {
        fprintf(stderr, "busbar check: name a file\n");
        return COMMAND_MISUSED;
    }
    char place[PLACES_PATH_MAX];
    struct err_list mistakes = ERR_LIST_EMPTY;
    struct driver_library *library = library_new();
    library_load(library, profiles ? profiles : places_profiles(place), &mistakes);
    print_errors(mistakes.list, mistakes.count);
    status = mistakes.count ? COMMAND_FAILED : COMMAND_OK;
    err_list_deinit(&mistakes);
    for (int i = 0; i < words; i++) {
        int result = is_profile(argv[i]) ? check_profile(argv[i]) : check_site(argv[i], library);
        status = result != COMMAND_OK ? result : status;
    }
    library_free(library);
    return status;
}
