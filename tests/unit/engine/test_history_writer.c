/* Work that the loop asks the writer's thread for, beside the ticks: order, failing disks, the end.
 */
#include "test.h"
#include "test_folder.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/history_row.h"
#include "engine/history_writer.h"

#define T0 (1795222800LL * CLOCK_S)

struct fixture {
    char folder[200];
    struct history_writer *writer;
    int done, result;
    char error[200];
    uint64_t newest; /* as the job found it */
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct err err = ERR_EMPTY;
    test_folder(fixture->folder, sizeof fixture->folder);
    struct history_store *store = history_store_open(fixture->folder, "boot", &err);
    if (!store)
        fail_msg("%s", err.text);
    fixture->writer = history_writer_start(store);
    assert_non_null(fixture->writer);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    struct history_note *note;
    if (fixture->writer) {
        history_writer_stop(fixture->writer);
        while ((note = history_writer_take(fixture->writer)))
            history_note_free(note);
        history_writer_free(fixture->writer);
    }
    test_folder_remove(fixture->folder);
    free(fixture);
    return 0;
}

static struct history_note *tick(int64_t second)
{
    struct history_reading reading = {.series = 1, .quality = QUALITY_GOOD, .value = second};
    static const struct history_definition definition = {1, QUANTITY_VOLTAGE, 1, "m/total/voltage"};
    struct history_note *note = history_note_new();
    history_row_encode(&note->row, second * 1000, &reading, 1);
    note->record = (struct history_record){
        .mono = second * CLOCK_S,
        .wall = T0 + second * CLOCK_S,
        .wall_known = true,
        .row = (uint8_t *)note->row.data,
        .length = note->row.length,
        .definitions = &definition,
        .definition_count = 1,
    };
    return note;
}

static int look(struct history_store *store, void *user, struct err *err)
{
    struct fixture *fixture = user;
    (void)err;
    fixture->newest = (uint64_t)history_store_facts(store).newest;
    return 7;
}

static int refuse(struct history_store *store, void *user, struct err *err)
{
    (void)store;
    (void)user;
    return err_set(err, -EIO, "the disk says no");
}

static int wait_a_while(struct history_store *store, void *user, struct err *err)
{
    (void)store;
    (void)user;
    (void)err;
    usleep(200000);
    return 0;
}

static void on_done(void *user, int result, const struct err *err)
{
    struct fixture *fixture = user;
    fixture->done++;
    fixture->result = result;
    snprintf(fixture->error, sizeof fixture->error, "%.199s", err->text);
}

/* Take what comes back until so many jobs are done; their number of ticks. */
static size_t take_until(struct fixture *fixture, int done)
{
    size_t ticks = 0;
    for (int i = 0; i < 60000 && fixture->done < done; i++) {
        struct pollfd ready = {.fd = history_writer_fd(fixture->writer), .events = POLLIN};
        struct history_note *note = history_writer_take(fixture->writer);
        if (note) {
            ticks += note->is_tick && note->written;
            history_note_free(note);
        } else {
            poll(&ready, 1, 10);
        }
    }
    assert_int_equal(fixture->done, done);
    return ticks;
}

static void ticks_go_before_a_job(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 1; i <= 300; i++)
        assert_true(history_writer_give(fixture->writer, tick(i)));
    assert_int_equal(history_writer_call(fixture->writer, look, on_done, fixture), 0);
    assert_int_equal(take_until(fixture, 1), 300);
    assert_int_equal(fixture->result, 7);
    assert_int_equal(fixture->newest, (uint64_t)(T0 + 300 * CLOCK_S));
}

static void a_job_wakes_an_idle_writer_and_says_why_not(void **state)
{
    struct fixture *fixture = *state;
    usleep(20000);
    assert_int_equal(history_writer_call(fixture->writer, refuse, on_done, fixture), 0);
    take_until(fixture, 1);
    assert_int_equal(fixture->result, -EIO);
    assert_string_equal(fixture->error, "the disk says no");
}

static void too_many_jobs_are_refused(void **state)
{
    struct fixture *fixture = *state;
    int taken = 0, result;
    assert_int_equal(history_writer_call(fixture->writer, wait_a_while, on_done, fixture), 0);
    while ((result = history_writer_call(fixture->writer, look, on_done, fixture)) == 0 &&
           taken < 1000)
        taken++;
    assert_int_equal(result, -EBUSY);
    assert_in_range(taken, 15, 17);
    take_until(fixture, taken + 1);
}

/* While the disk takes nothing, a job (clearing, say) is what may make room: it does not wait
 * behind ticks that cannot be written, and those are written when the disk accepts again. */
static void a_job_passes_ticks_that_cannot_be_written(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit before, none;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    none = (struct rlimit){.rlim_cur = 1, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    for (int i = 1; i <= 200; i++)
        assert_true(history_writer_give(fixture->writer, tick(i)));
    assert_int_equal(history_writer_call(fixture->writer, look, on_done, fixture), 0);
    size_t ticks = take_until(fixture, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(fixture->result, 7);
    assert_int_equal(ticks, 0);
    for (int i = 0; i < 60000 && ticks < 200; i++) {
        struct history_note *note = history_writer_take(fixture->writer);
        ticks += note && note->is_tick && note->written;
        history_note_free(note);
        if (!note)
            usleep(1000);
    }
    assert_int_equal(ticks, 200);
}

/* Making room among the ticks never loses a job. */
static void pushing_out_leaves_jobs_alone(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(history_writer_call(fixture->writer, wait_a_while, on_done, fixture), 0);
    usleep(50000); /* it waits in there now, most likely; the test holds either way */
    assert_int_equal(history_writer_call(fixture->writer, look, on_done, fixture), 0);
    history_note_free(history_writer_push_out(fixture->writer));
    take_until(fixture, 2);
    assert_int_equal(fixture->result, 7);
}

static void the_end_answers_every_job(void **state)
{
    struct fixture *fixture = *state;
    struct history_note *note;
    for (int i = 0; i < 5; i++)
        assert_int_equal(
            history_writer_call(fixture->writer, i ? look : wait_a_while, on_done, fixture), 0);
    history_writer_stop(fixture->writer);
    while ((note = history_writer_take(fixture->writer)))
        history_note_free(note);
    assert_int_equal(fixture->done, 5);
    fixture->writer = history_writer_free(fixture->writer);
}

static int look_full(struct history_store *store, void *user, struct err *err)
{
    (void)user;
    (void)err;
    return history_store_facts(store).full;
}

/* One more tick, so that there is something to tidy, and whether the space is found to be too small
 * afterwards: that is told by the store alone. */
static bool gets_full(struct fixture *fixture, bool wanted)
{
    static int second = 0;
    for (int i = 0; i < 2000; i++) {
        assert_true(history_writer_give(fixture->writer, tick(++second)));
        assert_int_equal(history_writer_call(fixture->writer, look_full, on_done, fixture), 0);
        take_until(fixture, fixture->done + 1);
        if (fixture->result == wanted)
            return true;
        usleep(5000);
    }
    return false;
}

static void the_space_reaches_the_store(void **state)
{
    struct fixture *fixture = *state;
    history_writer_set_space(fixture->writer, 1); /* byte: whatever there is, it is too much */
    assert_true(gets_full(fixture, true));
    history_writer_set_space(fixture->writer, 1u << 30);
    assert_true(gets_full(fixture, false));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ticks_go_before_a_job),         TEST(a_job_wakes_an_idle_writer_and_says_why_not),
        TEST(too_many_jobs_are_refused),     TEST(a_job_passes_ticks_that_cannot_be_written),
        TEST(pushing_out_leaves_jobs_alone), TEST(the_end_answers_every_job),
        TEST(the_space_reaches_the_store),
    };
    return cmocka_run_group_tests_name("history_writer", tests, NULL, NULL);
}
