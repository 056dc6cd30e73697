#include "face_testing.h"

#include "face/live.h"
#include "face/live_channel.h"

struct fixture {
    struct test_site *t;
    struct point_json *points;
    struct live_channel *channel;
    struct feed feed;
    int ready;
};

static void on_changed(void *user, const point_id *points, size_t count)
{
    live_channel_changed(((struct fixture *)user)->channel, points, count);
}

static void on_tree(void *user)
{
    live_channel_tree(((struct fixture *)user)->channel);
}

static void on_ready(struct live_channel *channel, void *user)
{
    (void)channel;
    ((struct fixture *)user)->ready++;
}

static void open_channel(struct fixture *f, struct test_site *t, const char *path,
                         clock_us interval)
{
    struct point_select select = POINT_SELECT_EMPTY;
    if (path)
        point_select_path(&select, path);
    *f = (struct fixture){.t = t, .points = point_json_new(t->site)};
    f->channel = live_channel_new(t->loop, t->site, f->points, &select, TIME_FORM_UTC, interval);
    f->channel->ready = on_ready;
    f->channel->user = f;
    f->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = f};
    site_subscribe(t->site, &f->feed);
    point_select_deinit(&select);
    loop_poll(t->loop);
}

static void close_channel(struct fixture *f)
{
    site_unsubscribe(f->t->site, &f->feed);
    live_channel_free(f->channel);
    point_json_free(f->points);
}

/* The next event of a cursor as text, "" when there is none. For free(). */
static char *next(struct fixture *f, uint64_t *cursor)
{
    struct block *block = live_channel_next(f->channel, cursor);
    char *text = block ? strndup(block->data, block->length) : strdup("");
    block_unref(block);
    return text;
}

static void check_next(struct fixture *f, uint64_t *cursor, const char *begin, const char *part)
{
    char *text = next(f, cursor);
    if (strncmp(text, begin, strlen(begin)) != 0 || (part && !strstr(text, part)))
        fail_msg("wanted %s … %s, got %s", begin, part ? part : "", text);
    size_t length = strlen(text);
    assert_true(length > 2 && strcmp(text + length - 2, "\n\n") == 0);
    free(text);
}

static void check_nothing(struct fixture *f, uint64_t *cursor)
{
    char *text = next(f, cursor);
    assert_string_equal(text, "");
    free(text);
}

static char *last_id(struct fixture *f, uint64_t *cursor)
{
    char *text = next(f, cursor), *id = strstr(text, "id: ");
    assert_non_null(id);
    id = strndup(id + 4, strcspn(id + 4, "\n"));
    free(text);
    return id;
}

static void test_snapshot_then_changes(void **state)
{
    struct fixture f;
    uint64_t cursor = 0;
    open_channel(&f, *state, NULL, 0);
    check_next(&f, &cursor, "event: snapshot\n", "m-2/phase-a/voltage");
    check_nothing(&f, &cursor);
    test_put(f.t, f.t->voltage, 230);
    test_put(f.t, f.t->other, 231);
    assert_int_equal(f.ready, 0);
    loop_poll(f.t->loop);
    assert_int_equal(f.ready, 1); /* both of a turn in one event */
    check_next(&f, &cursor, "event: points\n", "\"value\":231");
    check_nothing(&f, &cursor);
    close_channel(&f);
}

static void test_filter(void **state)
{
    struct fixture f;
    uint64_t cursor = 0;
    open_channel(&f, *state, "m-2/*", 0);
    free(next(&f, &cursor));
    test_put(f.t, f.t->voltage, 230);
    loop_poll(f.t->loop);
    assert_int_equal(f.ready, 0);
    check_nothing(&f, &cursor);
    close_channel(&f);
}

static void test_interval(void **state)
{
    struct fixture f;
    uint64_t cursor = 0;
    open_channel(&f, *state, NULL, CLOCK_S);
    loop_advance(f.t->loop, 2 * CLOCK_S);
    free(next(&f, &cursor));
    for (int i = 0; i < 30; i++) { /* 10 a second for 3 s: the first at once, then one a second */
        test_put(f.t, f.t->voltage, 200 + i);
        loop_advance(f.t->loop, 100 * CLOCK_MS);
    }
    assert_in_range(f.ready, 3, 4);
    check_next(&f, &cursor, "event: points\n", "\"value\":200,");
    check_next(&f, &cursor, "event: points\n", "\"value\":209,");
    close_channel(&f);
}

static void test_resume(void **state)
{
    struct fixture f;
    uint64_t cursor = 0;
    open_channel(&f, *state, NULL, 0);
    free(next(&f, &cursor));
    for (int i = 0; i < 5; i++) {
        test_put(f.t, f.t->voltage, 100 + i);
        loop_advance(f.t->loop, CLOCK_MS);
    }
    char *id = last_id(&f, &cursor); /* of the first */
    uint64_t again = live_channel_cursor(f.channel, id);
    for (int i = 1; i < 5; i++) {
        char part[32];
        snprintf(part, sizeof part, "\"value\":%d,", 100 + i);
        check_next(&f, &again, "event: points\n", part);
    }
    check_nothing(&f, &again);
    free(id);
    /* Ids that are nobody's: another start, the future, nonsense. */
    const char *const wrong[] = {"0123456789abcdef-1", "x", "", "-1",
                                 "0123456789abcdef-99999999999999999999"};
    for (size_t i = 0; i < TEST_COUNT(wrong); i++)
        assert_int_equal(live_channel_cursor(f.channel, wrong[i]), 0);
    close_channel(&f);
}

/* A client that reads nothing while thousands of events pass holds nothing, and starts anew with
 * everything. */
static void test_slow_client(void **state)
{
    struct fixture f;
    uint64_t slow = 0, quick = 0;
    open_channel(&f, *state, NULL, 0);
    free(next(&f, &slow));
    free(next(&f, &quick));
    for (int i = 0; i < 5000; i++) {
        test_put(f.t, f.t->voltage, i % 300);
        loop_advance(f.t->loop, CLOCK_MS);
        check_next(&f, &quick, "event: points\n", NULL);
    }
    assert_true(f.channel->ring.next - f.channel->ring.first <= LIVE_RING_EVENTS);
    assert_true(f.channel->ring.bytes <= LIVE_RING_BYTES);
    check_next(&f, &slow, "event: snapshot\n", "m-1/outlet-1/state");
    check_nothing(&f, &slow);
    close_channel(&f);
}

/* A device goes while its change waits, another takes its slots: nothing is mixed up. */
static void test_tree(void **state)
{
    struct fixture f;
    uint64_t cursor = 0;
    open_channel(&f, *state, NULL, CLOCK_S);
    loop_advance(f.t->loop, 2 * CLOCK_S);
    free(next(&f, &cursor));
    test_put(f.t, f.t->voltage, 1);
    loop_advance(f.t->loop, CLOCK_MS);
    check_next(&f, &cursor, "event: points\n", NULL);
    test_put(f.t, f.t->other, 77);
    loop_advance(f.t->loop, CLOCK_MS); /* waits for the interval */
    site_device_remove(f.t->site, site_device_find(f.t->site, "m-2"));
    struct point *fresh = test_point(f.t->site, "m-3", COMPONENT_PHASE, 3, QUANTITY_CURRENT);
    test_put(f.t, fresh, 9);
    loop_advance(f.t->loop, 2 * CLOCK_S);
    check_next(&f, &cursor, "event: site\n", "\"revision\"");
    check_next(&f, &cursor, "event: points\n", "m-3/phase-c/current");
    check_nothing(&f, &cursor);
    close_channel(&f);
}

static void test_gap(void **state)
{
    (void)state;
    assert_int_equal(live_gap(0), 0);
    assert_int_equal(live_gap(8), 0);
    for (size_t streams = 1; streams <= 1000; streams++)
        assert_true(live_gap(streams) >= live_gap(streams - 1) && live_gap(streams) <= CLOCK_S);
    assert_true(live_gap(500) >= 50 * CLOCK_MS);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, test_site_setup, test_site_teardown)
    const struct CMUnitTest tests[] = {
        ROW(test_snapshot_then_changes), ROW(test_filter), ROW(test_interval), ROW(test_resume),
        ROW(test_slow_client),           ROW(test_tree),   ROW(test_gap)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
