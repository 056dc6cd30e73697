#include "base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#define WALL (1790000000LL * CLOCK_S)

struct fixture {
    struct clock clock;
    struct loop *loop;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    *state = f;
    return f->loop ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    f->loop = loop_free(f->loop);
    free(f);
    return 0;
}

/* ---- timers ---------------------------------------------------------------------------------- */

struct record {
    struct loop *loop;
    char order[64];
    clock_us times[64];
    int count;
};

struct named_timer {
    struct loop_timer timer;
    struct record *record;
    char name;
};

static void on_named(struct loop_timer *timer, void *user)
{
    struct named_timer *named = user;
    struct record *record = named->record;
    assert_ptr_equal(timer, &named->timer);
    record->times[record->count] = loop_now(record->loop);
    record->order[record->count++] = named->name;
}

static void test_timers_fire_in_order(void **state)
{
    struct fixture *f = *state;
    struct record record = {.loop = f->loop};
    struct named_timer timers[5] = {0};
    /* e is past, b and d share a deadline: first started first */
    static const clock_us after[] = {30, 20, 10, 20, -5};
    for (int i = 0; i < 5; i++) {
        timers[i].record = &record;
        timers[i].name = (char)('a' + i);
        loop_timer_at(f->loop, &timers[i].timer, loop_now(f->loop) + after[i], on_named,
                      &timers[i]);
        assert_true(loop_timer_running(&timers[i].timer));
    }
    clock_us start = loop_now(f->loop);
    loop_advance(f->loop, 25);
    assert_string_equal(record.order, "ecbd");
    assert_int_equal(record.times[1], start + 10);
    assert_int_equal(record.times[2], start + 20);
    assert_true(loop_timer_running(&timers[0].timer));
    assert_false(loop_timer_running(&timers[1].timer));
    loop_timer_stop(&timers[0].timer);
    loop_timer_stop(&timers[0].timer);
    loop_advance(f->loop, 100);
    assert_string_equal(record.order, "ecbd");
    assert_int_equal(loop_now(f->loop), start + 125);
    assert_int_equal(loop_wall(f->loop), WALL + 125);
}

struct counter {
    struct loop *loop;
    struct loop_timer timer, other;
    clock_us first, last;
    long count;
    bool on_beat;
};

static void on_beat(struct loop_timer *timer, void *user)
{
    struct counter *counter = user;
    (void)timer;
    clock_us now = loop_now(counter->loop);
    if (counter->count++ == 0)
        counter->first = now;
    else
        counter->on_beat &= now == counter->last + 7 * CLOCK_S;
    counter->last = now;
}

static void test_a_year_without_drift(void **state)
{
    struct fixture *f = *state;
    struct counter counter = {.loop = f->loop, .on_beat = true};
    clock_us start = loop_now(f->loop), year = 365LL * 86400 * CLOCK_S;
    loop_timer_every(f->loop, &counter.timer, 3 * CLOCK_S, 7 * CLOCK_S, on_beat, &counter);
    loop_advance(f->loop, year);
    /* 3 s, 10 s, ... up to 31536000 s */
    assert_int_equal(counter.count, (31536000 - 3) / 7 + 1);
    assert_int_equal(counter.first, start + 3 * CLOCK_S);
    assert_true(counter.on_beat);
    loop_timer_stop(&counter.timer);
}

static void test_missed_periods_are_skipped(void **state)
{
    struct fixture *f = *state;
    struct counter counter = {.loop = f->loop, .on_beat = true};
    clock_us start = loop_now(f->loop);
    loop_timer_every(f->loop, &counter.timer, 7 * CLOCK_S, 7 * CLOCK_S, on_beat, &counter);
    clock_fake_advance(&f->clock, 100 * CLOCK_S); /* as after a suspend */
    loop_poll(f->loop);
    assert_int_equal(counter.count, 1);
    loop_advance(f->loop, 5 * CLOCK_S); /* 105 = 15 * 7 */
    assert_int_equal(counter.count, 2);
    assert_int_equal(counter.last, start + 105 * CLOCK_S);
    loop_timer_stop(&counter.timer);
}

static void test_wall_step_leaves_deadlines(void **state)
{
    struct fixture *f = *state;
    struct counter counter = {.loop = f->loop, .on_beat = true};
    loop_timer_every(f->loop, &counter.timer, 7 * CLOCK_S, 7 * CLOCK_S, on_beat, &counter);
    loop_advance(f->loop, 8 * CLOCK_S);
    clock_fake_step_wall(&f->clock, -20LL * 365 * 86400 * CLOCK_S);
    loop_advance(f->loop, 6 * CLOCK_S);
    clock_fake_step_wall(&f->clock, 60LL * 365 * 86400 * CLOCK_S);
    loop_advance(f->loop, 7 * CLOCK_S);
    assert_int_equal(counter.count, 3);
    assert_true(counter.on_beat);
    loop_timer_stop(&counter.timer);
}

static void on_stop_self(struct loop_timer *timer, void *user)
{
    struct counter *counter = user;
    if (++counter->count == 3) {
        loop_timer_stop(timer);
        loop_timer_stop(&counter->other);
    }
}

static void test_stop_inside_callback(void **state)
{
    struct fixture *f = *state;
    struct counter counter = {.loop = f->loop};
    loop_timer_every(f->loop, &counter.timer, 10, 10, on_stop_self, &counter);
    /* due at the same time as the third beat, which stops it */
    loop_timer_at(f->loop, &counter.other, loop_now(f->loop) + 30, on_beat, &counter);
    loop_advance(f->loop, 5); /* the periodic one keeps its place before the other */
    loop_advance(f->loop, 1000);
    assert_int_equal(counter.count, 3);
    assert_false(loop_timer_running(&counter.timer));
    assert_false(loop_timer_running(&counter.other));
}

static void on_restart_now(struct loop_timer *timer, void *user)
{
    struct counter *counter = user;
    counter->count++;
    loop_timer_at(counter->loop, timer, loop_now(counter->loop) - 1000, on_restart_now, counter);
}

/* "A past deadline fires in the next turn": a timer that restarts itself starves nobody. */
static void test_restart_inside_callback(void **state)
{
    struct fixture *f = *state;
    struct counter eager = {.loop = f->loop}, calm = {.loop = f->loop};
    loop_timer_at(f->loop, &eager.timer, loop_now(f->loop), on_restart_now, &eager);
    loop_timer_at(f->loop, &calm.timer, loop_now(f->loop), on_beat, &calm);
    loop_poll(f->loop);
    assert_int_equal(eager.count, 1);
    assert_int_equal(calm.count, 1);
    loop_timer_at(f->loop, &calm.timer, loop_now(f->loop), on_beat, &calm);
    loop_poll(f->loop);
    assert_int_equal(eager.count, 2);
    assert_int_equal(calm.count, 2);
    loop_timer_stop(&eager.timer);
}

/* Random starts and stops against a list of what must still fire. */
static void test_random_timers(void **state)
{
    struct fixture *f = *state;
    uint64_t random = test_seed();
    enum { TIMERS = 40 };
    struct record record = {.loop = f->loop};
    struct named_timer timers[TIMERS] = {0};
    for (int round = 0; round < 200; round++) {
        clock_us now = loop_now(f->loop), due[TIMERS];
        size_t expected = 0;
        memset(&record, 0, sizeof record);
        record.loop = f->loop;
        for (int i = 0; i < TIMERS; i++) {
            due[i] = now + (clock_us)test_below(&random, 100);
            timers[i].record = &record;
            timers[i].name = (char)('!' + i);
            loop_timer_at(f->loop, &timers[i].timer, due[i], on_named, &timers[i]);
        }
        for (int i = 0; i < TIMERS; i++) {
            if (test_below(&random, 3) == 0) {
                loop_timer_stop(&timers[i].timer);
                due[i] = CLOCK_NEVER;
            }
            expected += due[i] <= now + 50;
        }
        loop_advance(f->loop, 50);
        assert_int_equal(record.count, expected);
        for (int i = 0; i < record.count; i++)
            assert_int_equal(record.times[i], due[record.order[i] - '!']);
        for (int i = 0; i < TIMERS; i++)
            loop_timer_stop(&timers[i].timer);
    }
}

/* ---- file descriptors ------------------------------------------------------------------------ */

struct reader {
    struct loop *loop;
    struct loop_fd handle;
    int fd, events, calls;
    char got[64];
    size_t length;
    bool stop;
};

static void on_readable(struct loop_fd *handle, int events, void *user)
{
    struct reader *reader = user;
    reader->calls++;
    reader->events |= events;
    if (events & LOOP_READ) {
        ssize_t got = read(reader->fd, reader->got + reader->length, 4);
        if (got > 0)
            reader->length += (size_t)got;
    }
    if (reader->stop || (events & LOOP_HANGUP))
        loop_fd_stop(handle);
}

static void test_fd(void **state)
{
    struct fixture *f = *state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    struct reader reader = {.loop = f->loop, .handle = LOOP_FD_EMPTY, .fd = ends[0]};
    assert_int_equal(
        loop_fd_start(f->loop, &reader.handle, ends[0], LOOP_READ, on_readable, &reader), 0);
    loop_poll(f->loop);
    assert_int_equal(reader.calls, 0);
    assert_int_equal(write(ends[1], "abcdef", 6), 6);
    loop_poll(f->loop);
    assert_int_equal(reader.calls, 1); /* level-triggered: the rest comes in the next turn */
    loop_poll(f->loop);
    assert_memory_equal(reader.got, "abcdef", 6);
    loop_fd_stop(&reader.handle);
    loop_fd_stop(&reader.handle);
    assert_int_equal(write(ends[1], "x", 1), 1);
    loop_poll(f->loop);
    assert_int_equal(reader.calls, 2);
    /* once more the same descriptor, in the turn of its stop */
    reader.handle = LOOP_FD_EMPTY;
    assert_int_equal(
        loop_fd_start(f->loop, &reader.handle, ends[0], LOOP_READ, on_readable, &reader), 0);
    loop_fd_stop(&reader.handle);
    assert_int_equal(
        loop_fd_start(f->loop, &reader.handle, ends[0], LOOP_READ, on_readable, &reader), 0);
    reader.stop = true;
    loop_poll(f->loop);
    assert_int_equal(reader.calls, 3);
    loop_poll(f->loop);
    assert_int_equal(reader.calls, 3);
    close(ends[0]);
    close(ends[1]);
}

struct standstill {
    int gaps, at_read; /* how often; and how often when the descriptor was served */
};

static void on_gap(void *user)
{
    ((struct standstill *)user)->gaps++;
}

static void on_read_after_gap(struct loop_fd *handle, int events, void *user)
{
    struct standstill *seen = user;
    char byte;
    (void)events;
    assert_int_equal(read(handle->fd, &byte, 1), 1);
    seen->at_read = seen->gaps;
}

/* Whoever must know that time stood still hears of it before what waited meanwhile is served. */
static void test_a_gap_is_told_first(void **state)
{
    struct fixture *f = *state;
    struct standstill seen = {0, -1};
    struct loop_fd watch = LOOP_FD_EMPTY;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(loop_fd_start(f->loop, &watch, pipes[0], LOOP_READ, on_read_after_gap, &seen),
                     0);
    loop_on_gap(f->loop, 500 * CLOCK_MS, on_gap, &seen);
    clock_fake_advance(&f->clock, 500 * CLOCK_MS);
    assert_int_equal(write(pipes[1], "a", 1), 1);
    loop_poll(f->loop);
    assert_int_equal(seen.at_read, 0);
    clock_fake_advance(&f->clock, 500 * CLOCK_MS + 1);
    assert_int_equal(write(pipes[1], "b", 1), 1);
    loop_poll(f->loop);
    assert_int_equal(seen.at_read, 1);
    loop_poll(f->loop);
    assert_int_equal(seen.gaps, 1);
    loop_fd_stop(&watch);
    close(pipes[0]);
    close(pipes[1]);
}

static void test_fd_change_and_hangup(void **state)
{
    struct fixture *f = *state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    struct reader reader = {.loop = f->loop, .handle = LOOP_FD_EMPTY, .fd = ends[0]};
    assert_int_equal(
        loop_fd_start(f->loop, &reader.handle, ends[0], LOOP_WRITE, on_readable, &reader), 0);
    loop_poll(f->loop);
    assert_int_equal(reader.events, LOOP_WRITE);
    reader.events = 0;
    loop_fd_start(f->loop, &reader.handle, ends[0], LOOP_READ | LOOP_HANGUP, on_readable, &reader);
    loop_poll(f->loop);
    assert_int_equal(reader.events, 0);
    close(ends[1]);
    loop_poll(f->loop);
    assert_true(reader.events & LOOP_HANGUP);
    assert_null(reader.handle.loop);
    close(ends[0]);
}

static void test_fd_refused(void **state)
{
    struct fixture *f = *state;
    struct loop_fd handle = LOOP_FD_EMPTY;
    assert_true(loop_fd_start(f->loop, &handle, -1, LOOP_READ, on_readable, NULL) < 0);
    assert_null(handle.loop);
    FILE *plain = tmpfile(); /* plain files are always ready: epoll refuses them */
    assert_int_equal(loop_fd_start(f->loop, &handle, fileno(plain), LOOP_READ, on_readable, NULL),
                     -EPERM);
    fclose(plain);
}

/* ---- end of the turn ------------------------------------------------------------------------- */

struct deferred {
    struct loop_defer defer;
    struct record *record;
    struct deferred *then;  /* queued from inside */
    struct deferred * not ; /* cancelled from inside */
    char name;
};

static void on_deferred(struct loop_defer *defer, void *user)
{
    struct deferred *deferred = user;
    assert_ptr_equal(defer, &deferred->defer);
    deferred->record->order[deferred->record->count++] = deferred->name;
    if (deferred->then)
        loop_defer(deferred->record->loop, &deferred->then->defer, on_deferred, deferred->then);
    if (deferred->not )
        loop_defer_cancel(&deferred->not ->defer);
}

static void test_defer(void **state)
{
    struct fixture *f = *state;
    struct record record = {.loop = f->loop};
    struct deferred d = {.record = &record, .name = 'd'}, c = {.record = &record, .name = 'c'};
    struct deferred b = {.record = &record, .name = 'b', .not = &c};
    struct deferred a = {.record = &record, .name = 'a', .then = &d};
    loop_defer(f->loop, &a.defer, on_deferred, &a);
    loop_defer(f->loop, &b.defer, on_deferred, &b);
    loop_defer(f->loop, &c.defer, on_deferred, &c);
    loop_defer(f->loop, &a.defer, on_deferred, &a); /* twice calls once */
    assert_int_equal(record.count, 0);
    loop_poll(f->loop);
    assert_string_equal(record.order, "abd");
    loop_defer_cancel(&d.defer); /* fine when not queued */
    loop_poll(f->loop);
    assert_string_equal(record.order, "abd");
}

struct mixed {
    struct named_timer timer;
    struct deferred deferred;
};

static void on_timer_defers(struct loop_timer *timer, void *user)
{
    struct mixed *mixed = user;
    on_named(timer, &mixed->timer);
    loop_defer(mixed->timer.record->loop, &mixed->deferred.defer, on_deferred, &mixed->deferred);
}

/* What timers of one turn defer runs after all of them. */
static void test_defer_after_timers(void **state)
{
    struct fixture *f = *state;
    struct record record = {.loop = f->loop};
    struct mixed mixed = {.timer = {.record = &record, .name = '1'},
                          .deferred = {.record = &record, .name = 'd'}};
    struct named_timer second = {.record = &record, .name = '2'};
    loop_timer_at(f->loop, &mixed.timer.timer, loop_now(f->loop), on_timer_defers, &mixed);
    loop_timer_at(f->loop, &second.timer, loop_now(f->loop), on_named, &second);
    loop_poll(f->loop);
    assert_string_equal(record.order, "12d");
}

/* ---- jobs, signals, the real clock ----------------------------------------------------------- */

struct job {
    pthread_t loop_thread;
    struct loop *loop;
    bool worked, elsewhere, done;
};

static void on_work(void *user)
{
    struct job *job = user;
    job->worked = true;
    job->elsewhere = !pthread_equal(pthread_self(), job->loop_thread);
}

static void on_done(void *user)
{
    struct job *job = user;
    job->done = job->worked && pthread_equal(pthread_self(), job->loop_thread);
    loop_stop(job->loop);
}

static void test_job(void **state)
{
    struct fixture *f = *state;
    struct job job = {.loop_thread = pthread_self(), .loop = f->loop};
    assert_int_equal(loop_job_start(f->loop, on_work, on_done, &job), 0);
    assert_false(job.done);
    loop_run(f->loop);
    assert_true(job.elsewhere);
    assert_true(job.done);
}

static void test_free_waits_for_jobs(void **state)
{
    (void)state;
    struct clock clock = clock_fake(WALL);
    struct loop *loop = loop_new(&clock);
    struct job job = {.loop_thread = pthread_self(), .loop = loop};
    assert_int_equal(loop_job_start(loop, on_work, on_done, &job), 0);
    assert_null(loop_free(loop));
    assert_true(job.done);
    assert_null(loop_free(NULL));
}

static void on_signal(int number, void *user)
{
    struct job *job = user;
    job->done = number == SIGUSR1;
    loop_stop(job->loop);
}

static void test_signal(void **state)
{
    struct fixture *f = *state;
    struct job job = {.loop = f->loop};
    assert_int_equal(loop_on_signal(f->loop, SIGUSR1, on_signal, &job), 0);
    raise(SIGUSR1);
    loop_run(f->loop);
    assert_true(job.done);
}

static void on_stop(struct loop_timer *timer, void *user)
{
    struct counter *counter = user;
    counter->last = timer->deadline;
    if (++counter->count == 20) {
        loop_timer_stop(timer);
        loop_stop(counter->loop);
    }
}

/* On the machine's clock: microsecond deadlines, no drift, no busy waiting. */
static void test_real_clock(void **state)
{
    (void)state;
    struct clock clock = clock_system();
    struct loop *loop = loop_new(&clock);
    struct counter counter = {.loop = loop};
    clock_us start = clock_mono(&clock);
    loop_timer_every(loop, &counter.timer, 1750, 1750, on_stop, &counter);
    loop_run(loop);
    clock_us took = clock_mono(&clock) - start;
    assert_int_equal(counter.count, 20);
    assert_true(took >= 20 * 1750);
    loop_free(loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_timers_fire_in_order),
        TEST(test_a_year_without_drift),
        TEST(test_missed_periods_are_skipped),
        TEST(test_wall_step_leaves_deadlines),
        TEST(test_stop_inside_callback),
        TEST(test_restart_inside_callback),
        TEST(test_random_timers),
        TEST(test_fd),
        TEST(test_fd_change_and_hangup),
        TEST(test_a_gap_is_told_first),
        TEST(test_fd_refused),
        TEST(test_defer),
        TEST(test_defer_after_timers),
        TEST(test_job),
        cmocka_unit_test(test_free_waits_for_jobs),
        TEST(test_signal),
        cmocka_unit_test(test_real_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
