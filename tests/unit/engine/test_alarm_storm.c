/* Ten thousand points that go over their limits in one second and then flap for an hour. What must
 * hold is kept beside, point by point: over the limit raises, back at the recovery threshold
 * clears, between the two nothing changes; what is told alternates, is not told too often, and in
 * the end is what is. */
#include "alarm_testing.h"

enum { RACKS = 100, OUTLETS = 100, POINTS = RACKS * OUTLETS };

#define LIMIT 16
#define RECOVER 15
#define STEP (60 * CLOCK_S)
/* Of those that flap the first few are told, and one of each quiet time after. */
#define TOLD_MOST 30

static const char rules[] =
    "alarms: {amps: {points: \"rack-*/outlet-*/current\", when: over, limit: 16, recover: 15}}\n";

struct told {
    struct point *point;
    bool raised, told; /* must be; was said last */
    unsigned count;    /* how often it was told that it is raised */
};

struct storm {
    struct fixture *f;
    struct alarm_watch watch;
    struct told points[POINTS];
    unsigned wrong; /* told twice what it was */
};

static struct told *told_of(struct storm *s, const char *path)
{
    int rack, outlet;
    if (sscanf(path, "rack-%d/outlet-%d/current", &rack, &outlet) != 2)
        fail_msg("%s", path);
    return &s->points[rack * OUTLETS + outlet - 1];
}

static void on_changed(void *user, const struct alarm_view *alarm, enum alarm_change change)
{
    struct storm *s = user;
    if (change != ALARM_RAISED && change != ALARM_CLEARED)
        return;
    struct told *told = told_of(s, alarm->path);
    bool raised = change == ALARM_RAISED;
    s->wrong += raised == told->told;
    told->told = raised;
    told->count += raised;
}

static void put(struct storm *s, size_t index, double number)
{
    struct told *told = &s->points[index];
    if (number > LIMIT)
        told->raised = true;
    else if (number <= RECOVER)
        told->raised = false;
    point_put(told->point, number, loop_now(s->f->loop), loop_wall(s->f->loop));
}

/* The engine shows what must be, of each. */
static void check_shown(struct storm *s)
{
    size_t tripped = 0, wanted = 0, wrong = 0;
    for (size_t i = 0; i < POINTS; i++)
        wanted += s->points[i].raised;
    for (size_t i = 0; i < alarms_count(s->f->alarms); i++) {
        const struct alarm_view view = alarms_glance(s->f->alarms, i);
        bool shown = view.state == ALARM_TRIPPED;
        tripped += shown;
        wrong += shown != told_of(s, view.path)->raised;
    }
    const struct alarm_counts counts = alarms_counts(s->f->alarms);
    assert_int_equal(alarms_count(s->f->alarms), POINTS);
    assert_int_equal(wrong, 0);
    assert_int_equal(tripped, wanted);
    assert_int_equal(counts.tripped[ALARM_WARNING] + counts.silent, wanted);
    assert_int_equal(alarms_active(s->f->alarms), wanted);
}

static void set_up(struct storm *s)
{
    char name[20];
    for (int rack = 0; rack < RACKS; rack++) {
        snprintf(name, sizeof name, "rack-%d", rack);
        struct device *device = testing_device(s->f, name, "", NULL);
        for (int outlet = 1; outlet <= OUTLETS; outlet++)
            s->points[rack * OUTLETS + outlet - 1].point =
                testing_point(device, COMPONENT_OUTLET, outlet, QUANTITY_CURRENT);
    }
    loop_poll(s->f->loop);
    s->f->config = testing_config(s->f, rules, NULL);
    s->f->alarms = alarms_new(&(struct alarms_context){.loop = s->f->loop,
                                                       .site = s->f->site,
                                                       .commands = s->f->commands,
                                                       .saver = s->f->saver,
                                                       .folder = s->f->folder},
                              s->f->config);
    s->watch = (struct alarm_watch){.changed = on_changed, .user = s};
    alarms_watch(s->f->alarms, &s->watch);
}

static void all_at_once_and_then_an_hour(void **state)
{
    struct storm *s = *state;
    uint64_t seed = test_seed();
    set_up(s);
    for (size_t i = 0; i < POINTS; i++)
        put(s, i, 10);
    testing_advance(s->f, CLOCK_S);
    check_shown(s);

    for (size_t i = 0; i < POINTS; i++)
        put(s, i, 17);
    testing_advance(s->f, CLOCK_S);
    check_shown(s);
    for (size_t i = 0; i < POINTS; i++)
        assert_true(s->points[i].told);

    static const double numbers[] = {14, RECOVER, 15.5, LIMIT, 16.001, 20};
    for (int step = 0; step < 60; step++) {
        for (size_t i = 0; i < POINTS; i++)
            put(s, i, numbers[test_below(&seed, TEST_COUNT(numbers))]);
        testing_advance(s->f, STEP);
        if (step % 15 == 0)
            check_shown(s);
    }
    /* quiet: whoever has flapped is told how it stands */
    for (int i = 0; i < 30; i++)
        testing_advance(s->f, STEP);
    check_shown(s);
    unsigned most = 0, unequal = 0;
    for (size_t i = 0; i < POINTS; i++) {
        unequal += s->points[i].told != s->points[i].raised;
        most = s->points[i].count > most ? s->points[i].count : most;
    }
    printf("# told at most %u times of one\n", most);
    assert_int_equal(unequal, 0);
    assert_int_equal(s->wrong, 0);
    assert_in_range(most, 1, TOLD_MOST);
}

static int storm_setup(void **state)
{
    struct storm *s = calloc(1, sizeof *s);
    testing_setup((void **)&s->f);
    *state = s;
    return 0;
}

static int storm_teardown(void **state)
{
    struct storm *s = *state;
    testing_teardown((void **)&s->f);
    free(s);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_at_once_and_then_an_hour, storm_setup, storm_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
