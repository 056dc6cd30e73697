/* Schedules over a whole year, both change days included, in the north, in the south where midnight
 * is skipped, and where the clock moves by half an hour. The expected tables come from Python's
 * zoneinfo (schedule_year.py), which knows nothing of the code under test. */
#include "test.h"
#include "test_folder.h"

#include "base/saver.h"
#include "engine/schedule.h"
#include "engine/schedule_time.h"
#include "model/site.h"

#define YEAR_BEGIN 1767225600LL /* 2026-01-01T00:00:00Z */
#define YEAR_END 1798761600LL

static const struct setting_table *const tables[] = {&schedule_settings_table, NULL};
static const struct config_schema schema = {.tables = tables};

static struct config *load_site(void)
{
    struct err_list errors = ERR_LIST_EMPTY;
    struct config *config = config_load(
        &schema, TEST_SOURCE_ROOT "/tests/scenario/schedule_year.yaml", NULL, NULL, 0, &errors);
    if (!config)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    return config;
}

static void use_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static FILE *open_table(const char *zone)
{
    char path[400];
    const char *last = strrchr(zone, '/');
    snprintf(path, sizeof path, "%s/schedule_year_%s.txt", TEST_TABLES, last ? last + 1 : zone);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("no table %s", path);
    return file;
}

/* ---- what the plan says ---------------------------------------------------------------------- */

static void itself(void *user, const char *target, schedule_found_fn *found, void *to)
{
    (void)user;
    found(to, target);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct lines {
    char *list[200];
    size_t count;
};

static void add_line(struct lines *lines, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add_line(struct lines *lines, const char *format, ...)
{
    char text[200];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    assert_true(lines->count < TEST_COUNT(lines->list));
    lines->list[lines->count++] = strdup(text);
}

static void add_events(struct lines *lines, const struct schedule_plan *plan, clock_us now)
{
    for (size_t i = 0; i < plan->rule_count; i++) {
        const struct schedule_rule *rule = &plan->rules[i];
        struct schedule_span is = schedule_rule_last(rule, now),
                             was = schedule_rule_last(rule, now - 1);
        /* An end belongs to the span before when the next one begins at once. */
        if (was.any && rule->to != SCHEDULE_INSTANT && was.end == now)
            add_line(lines, "%lld event %s end", (long long)(now / CLOCK_S), rule->name);
        if (is.any && is.begin == now)
            add_line(lines, "%lld event %s begin", (long long)(now / CLOCK_S), rule->name);
    }
}

static void add_states(struct lines *lines, const struct schedule_plan *plan, clock_us now,
                       struct schedule_hold *told)
{
    static const char *const kinds[] = {"none", "end", "at", "window"};
    struct schedule_span spans[64];
    schedule_plan_look(plan, now, spans);
    for (size_t i = 0; i < plan->path_count; i++) {
        struct schedule_hold hold = schedule_plan_hold(plan, &plan->paths[i], now, spans);
        bool same =
            hold.kind == told[i].kind && hold.rule == told[i].rule && hold.state == told[i].state;
        told[i] = hold;
        if (!same && lines)
            add_line(lines, "%lld state %s %s %s %s", (long long)(now / CLOCK_S),
                     plan->paths[i].path, schedule_state_name(hold.state), hold.rule->name,
                     kinds[hold.kind]);
    }
}

/* Lines of one moment, in any order among themselves, against those of the table. */
static void compare(struct lines *lines, FILE *table, const char *zone)
{
    qsort(lines->list, lines->count, sizeof *lines->list, compare_lines);
    for (size_t i = 0; i < lines->count; i++) {
        char expected[200] = "";
        assert_non_null(fgets(expected, sizeof expected, table));
        expected[strcspn(expected, "\n")] = '\0';
        if (strcmp(lines->list[i], expected) != 0)
            fail_msg("%s: \"%s\", expected \"%s\"", zone, lines->list[i], expected);
        free(lines->list[i]);
    }
    lines->count = 0;
}

static void check_year(const char *zone)
{
    use_zone(zone);
    struct config *config = load_site();
    struct schedule_plan *plan = schedule_plan_new(config);
    struct schedule_hold told[64] = {{0}};
    struct lines lines = {0};
    FILE *table = open_table(zone);
    size_t count = 0;
    schedule_plan_resolve(plan, itself, NULL);
    assert_true(plan->rule_count >= 16 && plan->path_count < TEST_COUNT(told));
    clock_us now = YEAR_BEGIN * CLOCK_S - 1;
    add_states(NULL, plan, now, told);
    for (; (now = schedule_plan_next(plan, now)) < YEAR_END * CLOCK_S; count++) {
        add_events(&lines, plan, now);
        add_states(&lines, plan, now, told);
        compare(&lines, table, zone);
    }
    assert_int_equal(fgetc(table), EOF);
    assert_true(count > 4000);
    fclose(table);
    schedule_plan_free(plan);
    config_free(config);
}

static void the_north_is_as_zoneinfo_says(void **state)
{
    (void)state;
    check_year("Europe/Rome");
}

static void the_south_is_as_zoneinfo_says(void **state)
{
    (void)state;
    check_year("America/Santiago");
}

static void half_hours_are_as_zoneinfo_says(void **state)
{
    (void)state;
    check_year("Australia/Lord_Howe");
}

/* ---- what is carried out --------------------------------------------------------------------- */

struct outlets {
    int state[64]; /* -1: never switched */
    unsigned wishes, reboots;
};

static size_t number_of(const char *path)
{
    return (size_t)strtoul(strrchr(path, '-') + 1, NULL, 10);
}

/* A door that does at once what it is asked. */
static void on_submit(void *user, const struct command_wish *wish, struct command_answer *answer)
{
    struct outlets *outlets = user;
    answer->verdict = COMMAND_ACCEPTED;
    outlets->wishes++;
    outlets->reboots += wish->action == COMMAND_REBOOT;
    for (size_t i = 0; i < wish->target_count; i++) {
        if (wish->action == COMMAND_ON || wish->action == COMMAND_OFF)
            outlets->state[number_of(wish->targets[i])] = wish->action == COMMAND_ON;
    }
}

/* The whole year on the fake clock: an hour in Rome at a time, and after each line of the table the
 * outlet is as it says. */
static void a_year_is_carried_out(void **state)
{
    (void)state;
    char folder[200], line[200];
    test_folder(folder, sizeof folder);
    use_zone("Europe/Rome");
    struct clock clock = clock_fake(YEAR_BEGIN * CLOCK_S);
    struct loop *loop = loop_new(&clock);
    struct site *site = site_new(loop);
    struct saver *saver = saver_new(loop);
    struct commands *commands = commands_new(&clock);
    struct config *config = load_site();
    struct outlets outlets = {.wishes = 0};
    memset(outlets.state, -1, sizeof outlets.state);
    commands_set_executor(commands,
                          &(struct command_executor){.submit = on_submit, .user = &outlets});
    struct schedules *schedules = schedules_new(
        &(struct schedules_context){
            .loop = loop, .site = site, .commands = commands, .saver = saver, .folder = folder},
        config);
    FILE *table = open_table("Europe/Rome");
    unsigned compared = 0, reboots = 0;
    while (fgets(line, sizeof line, table)) {
        char target[64], word[8], event[8];
        long long time;
        reboots += strstr(line, "weekly-reboot begin") != NULL;
        if (sscanf(line, "%lld event %*s %7s", &time, event) == 2)
            continue;
        assert_int_equal(sscanf(line, "%lld state %63s %7s", &time, target, word), 3);
        clock_us ahead = time * CLOCK_S + CLOCK_S / 2 - clock_wall(&clock);
        loop_advance(loop, ahead > 0 ? ahead : 0);
        /* At the start only windows are brought about: the rest waits for its first time. */
        int is = outlets.state[number_of(target)];
        if (is < 0 && time < YEAR_BEGIN + 7 * SCHEDULE_DAY_S)
            continue;
        assert_int_equal(is, strcmp(word, "on") == 0);
        compared++;
    }
    assert_true(compared > 5000);
    assert_int_equal(outlets.reboots, reboots);
    assert_in_range(reboots, 52, 53);
    fclose(table);
    schedules_free(schedules);
    saver_free(saver);
    commands_free(commands);
    config_free(config);
    site_free(site);
    loop_free(loop);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_north_is_as_zoneinfo_says),
        cmocka_unit_test(the_south_is_as_zoneinfo_says),
        cmocka_unit_test(half_hours_are_as_zoneinfo_says),
        cmocka_unit_test(a_year_is_carried_out),
    };
    return cmocka_run_group_tests_name("schedule_year", tests, NULL, NULL);
}
