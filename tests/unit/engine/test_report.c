/* Reports: when they are due, through daylight saving, restarts and clocks that step, and that each
 * comes once. Moments were worked out by Python's zoneinfo. */
#include "test.h"
#include "test_folder.h"

#include <errno.h>

#include "base/saver.h"
#include "engine/notify_hours.h"
#include "engine/notify_recipient.h"
#include "engine/notify_settings.h"
#include "engine/report.h"
#include "model/config.h"
#include "model/site_settings.h"

#define MINUTE (60 * CLOCK_S)
#define HOUR (60 * MINUTE)

/* 2026-11-21, a Saturday, 12:00 UTC: `date -u -d` said so. */
#define NOON (1795262400LL * CLOCK_S)

static const struct setting_table *const tables[] = {
    &site_settings_table,  &report_settings_table, &recipient_settings_table,
    &business_hours_table, &notify_settings_table, NULL};
static const struct config_schema schema = {.tables = tables};

#define RECIPIENT "recipients: {ops: {kind: mail, address: a@b, reports: true}}\n"

/* ---- when ------------------------------------------------------------------------------------ */

static void use_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static void due_times(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        enum report_every every;
        const char *at, *days;
        int64_t now, before, after; /* seconds */
    } rows[] = {
        {"UTC", REPORT_DAILY, "07:00", "mon", 1795262400, 1795244400, 1795330800},
        {"UTC", REPORT_DAILY, "12:00", "mon", 1795262400, 1795262400, 1795348800},
        {"UTC", REPORT_HOURLY, "07:10", "mon", 1795262400, 1795259400, 1795263000},
        {"UTC", REPORT_HOURLY, "07:00", "mon", 1795262400, 1795262400, 1795266000},
        /* 17:30 there: the last full hour was 17:00, 11:30 UTC */
        {"Asia/Kolkata", REPORT_HOURLY, "07:00", "mon", 1795262400, 1795260600, 1795264200},
        /* Monday the 16th and the 23rd */
        {"UTC", REPORT_WEEKLY, "07:00", "mon", 1795262400, 1794812400, 1795417200},
        {"UTC", REPORT_DAYS, "07:00", "mon-fri", 1795262400, 1795158000, 1795417200},
        /* 2026-03-29, 02:30 is skipped: due at 01:00 UTC; a day before and after by the clock */
        {"Europe/Berlin", REPORT_DAILY, "02:30", "mon", 1774746000, 1774746000, 1774830600},
        {"Europe/Berlin", REPORT_DAILY, "02:30", "mon", 1774745999, 1774661400, 1774746000},
        /* 2026-10-25, 02:30 comes twice, first at 00:30 UTC */
        {"Europe/Berlin", REPORT_DAILY, "02:30", "mon", 1792891800, 1792888200, 1792978200},
        /* hourly goes on through both: 01:00 UTC follows 00:00 */
        {"Europe/Berlin", REPORT_HOURLY, "00:00", "mon", 1792890000, 1792890000, 1792893600},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        use_zone(rows[i].zone);
        const struct report_settings settings = {
            .every = rows[i].every, .at = rows[i].at, .days = rows[i].days};
        int64_t before = report_due_before(&settings, rows[i].now * CLOCK_S) / CLOCK_S;
        int64_t after = report_due_after(&settings, rows[i].now * CLOCK_S) / CLOCK_S;
        if (before != rows[i].before || after != rows[i].after)
            fail_msg("row %zu: %lld and %lld", i, (long long)before, (long long)after);
    }
    use_zone("UTC");
}

/* ---- at work --------------------------------------------------------------------------------- */

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct saver *saver;
    struct config *config;
    struct notify *notify;
    struct notify_route route;
    struct reports *reports;
    char folder[200];
    char log[1000]; /* "morning 1795244400;" */
};

static void on_send(void *user, struct notify_job *job)
{
    struct fixture *f = user;
    for (size_t i = 0; i < job->count; i++) {
        size_t used = strlen(f->log);
        assert_int_equal(job->notices[i].kind, NOTICE_REPORT);
        snprintf(f->log + used, sizeof f->log - used, "%s %lld;", job->notices[i].path,
                 (long long)(job->notices[i].wall / CLOCK_S));
    }
    notify_done(f->notify, job, NOTIFY_DELIVERED, "");
}

static void on_abandon(void *user, struct notify_job *job)
{
    (void)user;
    (void)job;
}

static struct config *load(struct fixture *f, const char *text, struct err_list *errors)
{
    char path[300];
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    test_write_file(path, text);
    return config_load(&schema, path, NULL, NULL, 0, errors);
}

static void begin(struct fixture *f, const char *text)
{
    struct err_list errors = ERR_LIST_EMPTY;
    f->config = load(f, text, &errors);
    if (!f->config)
        fail_msg("%s", errors.list[0].text);
    err_list_deinit(&errors);
    f->notify =
        notify_open(&(struct notify_context){.loop = f->loop, .folder = f->folder}, f->config);
    f->route = (struct notify_route){
        .kind = "mail", .most = 1, .send = on_send, .abandon = on_abandon, .user = f};
    notify_route_add(f->notify, &f->route);
    f->reports = reports_new(
        &(struct reports_context){
            .loop = f->loop, .notify = f->notify, .saver = f->saver, .folder = f->folder},
        f->config);
}

static void end(struct fixture *f)
{
    while (saver_busy(f->saver))
        loop_poll(f->loop);
    f->reports = reports_free(f->reports);
    if (f->notify) {
        notify_route_remove(f->notify, &f->route);
        f->notify = notify_close(f->notify);
    }
    f->config = config_free(f->config);
}

static void expect(struct fixture *f, const char *sent)
{
    assert_string_equal(f->log, sent);
    f->log[0] = '\0';
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    use_zone("UTC");
    test_folder(f->folder, sizeof f->folder);
    f->clock = clock_fake(NOON);
    f->loop = loop_new(&f->clock);
    f->saver = saver_new(f->loop);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    end(f);
    saver_free(f->saver);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

#define MORNING RECIPIENT "reports: {morning: {at: '07:00'}}\n"

static void each_comes_once(void **state)
{
    struct fixture *f = *state;
    begin(f, MORNING);
    loop_advance(f->loop, MINUTE);
    expect(f, ""); /* new: what was due before is not made up for */
    struct report_view view = reports_view(f->reports, 0);
    assert_int_equal(view.next / CLOCK_S, 1795330800);
    assert_int_equal(view.last, 0);
    loop_advance(f->loop, 19 * HOUR - 2 * MINUTE);
    expect(f, "");
    loop_advance(f->loop, MINUTE + 15 * CLOCK_S);
    expect(f, "morning 1795330800;");
    loop_advance(f->loop, 5 * 24 * HOUR);
    expect(f, "morning 1795417200;morning 1795503600;morning 1795590000;morning 1795676400;"
              "morning 1795762800;");
}

static void what_was_missed_comes_once(void **state)
{
    struct fixture *f = *state;
    begin(f, MORNING);
    loop_advance(f->loop, MINUTE);
    end(f);
    loop_advance(f->loop, 3 * 24 * HOUR); /* not running */
    begin(f, MORNING);
    loop_advance(f->loop, MINUTE);
    expect(f, "morning 1795503600;"); /* of the 24th, the newest */
    end(f);
    begin(f, MORNING);
    loop_advance(f->loop, MINUTE);
    expect(f, "");
}

static void change(struct fixture *f, const char *text)
{
    struct err_list errors = ERR_LIST_EMPTY;
    struct config *fresh = load(f, text, &errors);
    assert_non_null(fresh);
    reports_configure(f->reports, fresh);
    notify_configure(f->notify, fresh);
    config_free(f->config);
    f->config = fresh;
}

static void other_times_begin_anew(void **state)
{
    struct fixture *f = *state;
    begin(f, MORNING);
    loop_advance(f->loop, MINUTE);
    /* due an hour ago by the new time */
    change(f, RECIPIENT "reports: {morning: {at: '11:00'}}\n");
    loop_advance(f->loop, MINUTE);
    expect(f, "");
    loop_advance(f->loop, 24 * HOUR);
    expect(f, "morning 1795345200;");
    change(f, RECIPIENT "reports: {morning: {at: '11:00', enabled: false}}\n");
    loop_advance(f->loop, 48 * HOUR);
    expect(f, "");
    assert_int_equal(reports_view(f->reports, 0).next, CLOCK_NEVER);
}

static void clocks_step(void **state)
{
    struct fixture *f = *state;
    begin(f, RECIPIENT "reports: {hourly: {every: hourly, at: '00:00'}}\n");
    loop_advance(f->loop, HOUR + MINUTE);
    expect(f, "hourly 1795266000;");
    clock_fake_step_wall(&f->clock, -90 * MINUTE); /* 11:31 again: neither 12 nor 13 come twice */
    loop_advance(f->loop, 95 * MINUTE);
    expect(f, "");
    loop_advance(f->loop, HOUR);
    expect(f, "hourly 1795269600;");
    clock_fake_step_wall(&f->clock, 10 * HOUR); /* the newest of what was skipped */
    loop_advance(f->loop, MINUTE);
    expect(f, "hourly 1795305600;");
    clock_fake_step_wall(&f->clock, -24 * HOUR); /* the time before was wrong */
    loop_advance(f->loop, HOUR);
    expect(f, "hourly 1795222800;");
}

static void now_on_demand(void **state)
{
    struct fixture *f = *state;
    begin(f, MORNING);
    assert_int_equal(reports_send(f->reports, "evening"), -ENOENT);
    assert_int_equal(reports_send(f->reports, "morning"), 0);
    loop_advance(f->loop, CLOCK_S);
    expect(f, "morning 1795262400;");
}

static void mistakes_are_named(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *record, *words;
    } rows[] = {
        {"at: '24:00'", "from 00:00 to 23:59:59, as in 07:00, not \"24:00\""},
        {"at: noon", "not \"noon\""},
        {"every: weekly, days: 'mon, tue'", "must be one day for a weekly report"},
        {"every: days, days: someday", "someday"},
        {"csv_step: 7 min", "a day must be a whole number of steps"},
        {"recipients: 'ops, opps'", "there is no recipient \"opps\""},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct err_list errors = ERR_LIST_EMPTY;
        char text[400];
        snprintf(text, sizeof text, RECIPIENT "reports: {r: {%s}}\n", rows[i].record);
        assert_null(load(f, text, &errors));
        if (!strstr(errors.list[0].text, rows[i].words))
            fail_msg("row %zu: %s", i, errors.list[0].text);
        err_list_deinit(&errors);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due_times),
        cmocka_unit_test_setup_teardown(each_comes_once, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_missed_comes_once, setup, teardown),
        cmocka_unit_test_setup_teardown(other_times_begin_anew, setup, teardown),
        cmocka_unit_test_setup_teardown(clocks_step, setup, teardown),
        cmocka_unit_test_setup_teardown(now_on_demand, setup, teardown),
        cmocka_unit_test_setup_teardown(mistakes_are_named, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
