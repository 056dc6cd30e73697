/* Writing to hardware (field/control): what goes first, what is sent once, and what is said when
 * nobody knows. Against a relay board behind Modbus TCP, on the fake clock. */
#include "test.h"

#include <errno.h>
#include <unistd.h>

#include "base/mem.h"
#include "board.h"
#include "driver/library.h"
#include "field/control.h"
#include "field/device_settings.h"
#include "field/line_settings.h"
#include "model/config.h"
#include "test_folder.h"

#define WALL (1795222800LL * CLOCK_S) /* 2026-11-21T01:00:00Z */

static const char one_board[] =
    "lines: {bus: {kind: modbus-tcp, host: board, in_flight: 1}}\n"
    "devices: {r: {line: bus, unit: 1, profile: waveshare-modbus-rtu-relay}}\n";

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct site *site;
    struct field *field;
    struct driver_library *library;
    struct board board;
    char folder[200];
    /* what was told */
    unsigned done, read_done;
    enum control_result result;
    bool answered;
    clock_us done_at;
    char text[480];
};

static void apply(struct fixture *f, const char *text)
{
    static const struct setting_table *const tables[] = {&line_settings_table,
                                                         &device_settings_table, NULL};
    const struct config_words words = {"profiles", library_words(f->library)};
    const struct config_schema schema = {.tables = tables, .words = &words, .word_lists = 1};
    struct err_list errors = ERR_LIST_EMPTY;
    char path[300];
    snprintf(path, sizeof path, "%s/site.yaml", f->folder);
    test_write_file(path, text);
    struct config *config = config_load(&schema, path, NULL, NULL, 0, &errors);
    if (!config)
        fail_msg("%s", errors.list[0].text);
    field_apply(f->field, config);
    config_free(config);
    err_list_deinit(&errors);
}

static int set_up(void **state)
{
    struct fixture *f = mem_new(sizeof *f);
    struct err_list errors = ERR_LIST_EMPTY;
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    f->board = (struct board){.loop = f->loop, .delay = 20 * CLOCK_MS, .coils = 0xA5};
    board_set(&f->board);
    f->library = library_new();
    library_load(f->library, TEST_SOURCE_ROOT "/profiles", &errors);
    test_folder(f->folder, sizeof f->folder);
    f->site = site_new(f->loop);
    const struct field_resolver resolver = {.find = library_resolve, .user = f->library};
    f->field = field_new(f->loop, f->site, &resolver);
    apply(f, one_board);
    loop_advance(f->loop, 3 * CLOCK_S);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    field_free(f->field);
    site_free(f->site);
    library_free(f->library);
    loop_free(f->loop);
    board_set(NULL);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

static void on_done(void *user, enum control_result result, const struct err *err)
{
    struct fixture *f = user;
    f->done++;
    f->result = result;
    f->done_at = loop_now(f->loop);
    snprintf(f->text, sizeof f->text, "%s", err->text);
}

static void on_read(void *user, bool answered)
{
    struct fixture *f = user;
    f->read_done++;
    f->answered = answered;
}

static point_id id_of(struct fixture *f, const char *path)
{
    const struct point *point = site_point_find(f->site, path);
    if (!point)
        fail_msg("there is no %s", path);
    return point->id;
}

static struct control *start(struct fixture *f, const char *path, double number)
{
    struct err err = ERR_EMPTY;
    struct control *control = control_start(f->field, id_of(f, path), number, on_done, f, &err);
    if (!control)
        fail_msg("%s", err.text);
    assert_int_equal(f->done, 0); /* never from inside the call */
    return control;
}

static double number_of(struct fixture *f, const char *path)
{
    return site_point_find(f->site, path)->value.number;
}

/* ---- the usual ------------------------------------------------------------------------------- */

static void a_write_is_accepted_and_read_back(void **state)
{
    struct fixture *f = *state;
    assert_true(control_possible(f->field, id_of(f, "r/outlet-2/state")));
    assert_true(number_of(f, "r/outlet-1/state") == 1 && number_of(f, "r/outlet-2/state") == 0);
    clock_us asked = loop_now(f->loop);
    start(f, "r/outlet-2/state", 1);
    loop_advance(f->loop, 100 * CLOCK_MS);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->result, CONTROL_ACCEPTED);
    assert_int_equal(f->board.coils, 0xA7);
    assert_true(f->done_at - asked <= 45 * CLOCK_MS); /* a poll under way, then the write */
    assert_true(control_read(f->field, id_of(f, "r/outlet-2/state"), on_read, f));
    loop_advance(f->loop, 50 * CLOCK_MS);
    assert_int_equal(f->read_done, 1);
    assert_true(f->answered && number_of(f, "r/outlet-2/state") == 1);
    assert_true(site_point_find(f->site, "r/outlet-2/state")->value.mono > asked);
}

/* A line full of polls: the write is the next thing that goes out. */
static void a_write_goes_before_all_polling(void **state)
{
    struct fixture *f = *state;
    char text[2000] = "lines: {bus: {kind: modbus-tcp, host: board, in_flight: 1}}\ndevices:\n";
    for (int i = 1; i <= 10; i++) {
        char line[120];
        snprintf(line, sizeof line,
                 "  d%d: {line: bus, unit: %d, profile: eletechsup-r4d3b16, every: 100 ms}\n", i,
                 i);
        strcat(text, line);
    }
    apply(f, text);
    loop_advance(f->loop, 20 * CLOCK_S);
    for (int i = 0; i < 50; i++) {
        f->done = 0;
        loop_advance(f->loop, 7 * CLOCK_MS);
        unsigned before = f->board.logged;
        start(f, i % 2 ? "d3/outlet-4/state" : "d7/outlet-5/state", i % 3 == 0);
        loop_advance(f->loop, 45 * CLOCK_MS);
        assert_int_equal(f->done, 1);
        assert_int_equal(f->result, CONTROL_ACCEPTED);
        /* at most the reads that were under way: the log's next is the write */
        assert_int_equal(f->board.log[before % BOARD_LOG], 6);
    }
}

/* On a shared bus a write waits for the transaction under way and for nothing else: at most the
 * time-out of the slowest unit, here of one that is dead. */
static void a_write_waits_at_most_for_one_time_out(void **state)
{
    struct fixture *f = *state;
    const clock_us time_out = 700 * CLOCK_MS;
    clock_us longest = 0;
    f->board.deaf_unit = 9;
    apply(f,
          "lines: {bus: {kind: modbus-tcp, host: board, in_flight: 1}}\n"
          "devices:\n"
          "  r: {line: bus, unit: 1, profile: waveshare-modbus-rtu-relay, every: 200 ms}\n"
          "  s: {line: bus, unit: 2, profile: waveshare-modbus-rtu-relay, every: 200 ms}\n"
          "  dead: {line: bus, unit: 9, profile: waveshare-modbus-rtu-relay, timeout_ms: 700}\n");
    loop_advance(f->loop, 5 * CLOCK_S);
    for (int i = 0; i < 3000; i++) {
        f->done = 0;
        loop_advance(f->loop, 211 * CLOCK_MS);
        clock_us asked = loop_now(f->loop);
        start(f, "r/outlet-2/state", i % 2);
        loop_advance(f->loop, 2 * CLOCK_S);
        assert_int_equal(f->done, 1);
        assert_int_equal(f->result, CONTROL_ACCEPTED);
        clock_us waited = f->board.wrote - asked;
        longest = waited > longest ? waited : longest;
    }
    print_message("# a write waited at most %lld ms, the time-out is %lld ms\n",
                  (long long)(longest / CLOCK_MS), (long long)(time_out / CLOCK_MS));
    assert_true(longest <= time_out);
    assert_true(longest > time_out / 2); /* the dead one was met */
}

/* ---- when it goes wrong ---------------------------------------------------------------------- */

static void expect(struct fixture *f, enum board_fault fault, enum control_result result,
                   const char *word)
{
    f->board.fault = fault;
    f->done = 0;
    unsigned writes = f->board.writes;
    start(f, "r/outlet-3/state", 0);
    loop_advance(f->loop, 3 * CLOCK_S);
    f->board.fault = BOARD_SOUND;
    assert_int_equal(f->done, 1);
    assert_int_equal(f->result, result);
    assert_int_equal(f->board.writes, writes + 1); /* never once more */
    if (word && !strstr(f->text, word))
        fail_msg("\"%s\" does not say \"%s\"", f->text, word);
    loop_advance(f->loop, 20 * CLOCK_S);
    assert_int_equal(f->board.writes, writes + 1);
}

static void each_failure_has_its_name(void **state)
{
    struct fixture *f = *state;
    expect(f, BOARD_IGNORES, CONTROL_ACCEPTED, NULL);
    expect(f, BOARD_REFUSES, CONTROL_REFUSED, "illegal address");
    expect(f, BOARD_FAILS, CONTROL_UNSURE, "did not say");
    expect(f, BOARD_LIES, CONTROL_UNSURE, NULL);
    expect(f, BOARD_MUTE, CONTROL_UNSURE, "did not answer");
    assert_int_equal(f->board.coils & 4, 0); /* it was done all the same */
    expect(f, BOARD_HANGS_UP, CONTROL_UNSURE, NULL);
}

static void a_dead_unit_is_not_told(void **state)
{
    struct fixture *f = *state;
    f->board.fault = BOARD_DEAF;
    loop_advance(f->loop, 30 * CLOCK_S);
    unsigned logged = f->board.logged;
    start(f, "r/outlet-3/state", 0);
    loop_advance(f->loop, 0);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->result, CONTROL_NOT_SENT);
    assert_non_null(strstr(f->text, "silent"));
    assert_int_equal(f->board.logged, logged);
    assert_false(control_read(f->field, id_of(f, "r/outlet-3/state"), on_read, f));
    /* No command waits for the board to come back. */
    f->board.fault = BOARD_SOUND;
    loop_advance(f->loop, 30 * CLOCK_S);
    assert_int_equal(f->board.coils, 0xA5);
}

static void what_cannot_be_written_says_so(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    assert_null(control_start(f->field, id_of(f, "r/outlet-3/state"), 2, on_done, f, &err));
    assert_int_equal(err.code, -ERANGE);
    err = ERR_EMPTY;
    assert_null(control_start(f->field, 0, 1, on_done, f, &err));
    assert_int_equal(err.code, -ENOENT);
    apply(f, "lines: {bus: {kind: modbus-tcp, host: board}}\n"
             "devices: {r: {line: bus, unit: 1, profile: waveshare-modbus-rtu-relay-d}}\n");
    err = ERR_EMPTY;
    assert_false(control_possible(f->field, id_of(f, "r/input-1/state")));
    assert_null(control_start(f->field, id_of(f, "r/input-1/state"), 1, on_done, f, &err));
    assert_int_equal(err.code, -ENOTSUP);
    assert_int_equal(f->board.writes, 0);
}

static void cancelling_says_whether_it_was_sent(void **state)
{
    struct fixture *f = *state;
    loop_advance(f->loop, 500 * CLOCK_MS); /* between two polls */
    struct control *first = start(f, "r/outlet-2/state", 1);
    struct control *second = start(f, "r/outlet-4/state", 1);
    loop_advance(f->loop, 5 * CLOCK_MS);
    assert_true(control_cancel(second)); /* waits behind the first */
    assert_false(control_cancel(first));
    loop_advance(f->loop, 2 * CLOCK_S);
    assert_int_equal(f->done, 0);
    assert_int_equal(f->board.coils, 0xA7);
}

/* Settings change, or the program ends, while an answer is awaited: it ends, it is not forgotten.
 */
static void a_reload_ends_what_is_under_way(void **state)
{
    struct fixture *f = *state;
    loop_advance(f->loop, 500 * CLOCK_MS);
    start(f, "r/outlet-2/state", 1);
    loop_advance(f->loop, 5 * CLOCK_MS);
    apply(f, "lines: {bus: {kind: modbus-tcp, host: board, in_flight: 2}}\n"
             "devices: {r: {line: bus, unit: 1, profile: waveshare-modbus-rtu-relay}}\n");
    loop_advance(f->loop, 0);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->result, CONTROL_UNSURE);
    loop_advance(f->loop, 2 * CLOCK_S);
    f->done = 0;
    start(f, "r/outlet-2/state", 0);
    loop_advance(f->loop, 5 * CLOCK_MS);
    f->field = field_free(f->field);
    assert_int_equal(f->done, 1);
    assert_int_equal(f->result, CONTROL_UNSURE);
}

/* ---- parts ----------------------------------------------------------------------------------- */

#define PDU "  pdu: {line: air, profile: sim-meter}\n"
static const char with_relays[] =
    "lines: {bus: {kind: modbus-tcp, host: board}, air: {kind: sim}}\n"
    "devices:\n" PDU "  relays: {line: bus, unit: 1, profile: waveshare-modbus-rtu-relay,"
    " part_of: pdu, first_outlet: 9}\n";
static const char without_relays[] =
    "lines: {bus: {kind: modbus-tcp, host: board}, air: {kind: sim}}\ndevices:\n" PDU;

/* A device that meters and one that switches are one device. */
static void a_part_is_shown_and_switched_at_its_host(void **state)
{
    struct fixture *f = *state;
    apply(f, with_relays);
    loop_advance(f->loop, 3 * CLOCK_S);
    assert_null(site_device_find(f->site, "relays"));
    const struct point *point = site_point_find(f->site, "pdu/outlet-9/state");
    assert_non_null(point);
    assert_null(site_point_find(f->site, "pdu/outlet-1/state"));
    assert_int_equal(point->value.quality, QUALITY_GOOD);
    assert_true(number_of(f, "pdu/outlet-9/state") == 1);
    assert_true(number_of(f, "pdu/outlet-10/state") == 0);
    assert_string_equal(point->words->list[1].text, "on");
    start(f, "pdu/outlet-10/state", 1);
    loop_advance(f->loop, 100 * CLOCK_MS);
    assert_int_equal(f->result, CONTROL_ACCEPTED);
    assert_int_equal(f->board.coils, 0xA7);
    assert_true(control_read(f->field, id_of(f, "pdu/outlet-10/state"), on_read, f));
    loop_advance(f->loop, 50 * CLOCK_MS);
    assert_true(f->answered && number_of(f, "pdu/outlet-10/state") == 1);
    /* Old does not look new: the host is well, its relays are not. */
    f->board.fault = BOARD_DEAF;
    loop_advance(f->loop, 30 * CLOCK_S);
    assert_int_equal(site_point_find(f->site, "pdu/outlet-10/state")->value.quality, QUALITY_STALE);
    assert_int_equal(site_device_find(f->site, "pdu")->state, DEVICE_ONLINE);
}

static void a_part_comes_and_goes(void **state)
{
    struct fixture *f = *state;
    apply(f, without_relays);
    loop_advance(f->loop, 2 * CLOCK_S);
    assert_null(site_point_find(f->site, "pdu/outlet-9/state"));
    apply(f, with_relays);
    loop_advance(f->loop, 3 * CLOCK_S);
    point_id id = id_of(f, "pdu/outlet-9/state");
    apply(f, with_relays); /* nothing changed: nothing is built anew */
    assert_int_equal(id_of(f, "pdu/outlet-9/state"), id);
    apply(f, without_relays);
    loop_advance(f->loop, 2 * CLOCK_S);
    assert_null(site_point(f->site, id));
    assert_null(site_point_find(f->site, "pdu/outlet-9/state"));
    apply(f, one_board);
    loop_advance(f->loop, 2 * CLOCK_S);
    assert_non_null(site_point_find(f->site, "r/outlet-8/state"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_write_is_accepted_and_read_back),
        TEST(a_write_goes_before_all_polling),
        TEST(a_write_waits_at_most_for_one_time_out),
        TEST(each_failure_has_its_name),
        TEST(a_dead_unit_is_not_told),
        TEST(what_cannot_be_written_says_so),
        TEST(cancelling_says_whether_it_was_sent),
        TEST(a_reload_ends_what_is_under_way),
        TEST(a_part_is_shown_and_switched_at_its_host),
        TEST(a_part_comes_and_goes),
    };
    return cmocka_run_group_tests_name("scenario/control", tests, NULL, NULL);
}
