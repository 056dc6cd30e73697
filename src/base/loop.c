#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <uv.h>

#include "base/timer_heap.h"

#define SIGNALS_MAX 8

struct signal_watch {
    uv_signal_t uv;
    void (*fn)(int number, void *user);
    void *user;
};

struct loop {
    uv_loop_t uv;
    struct clock *clock;
    clock_us now, wall;
    struct timer_heap timers;
    uint64_t timers_started;
    /* uv timers count milliseconds; an RS-485 gap at 115200 baud is 1.75 ms. Hence a timerfd. */
    int timer_fd;
    clock_us timer_armed; /* deadline that timer_fd waits for, CLOCK_NEVER when disarmed */
    bool timer_fired;     /* timer_fd is readable until it is armed anew */
    bool fresh;           /* the clocks were read in this turn */
    uv_poll_t timer_poll;
    uv_prepare_t prepare;
    uv_check_t check;
    struct loop_defer *deferred;
    struct signal_watch signals[SIGNALS_MAX];
    int signal_count;
    clock_us gap; /* CLOCK_NEVER: nobody wants to know */
    void (*gap_fn)(void *user);
    void *gap_user;
    uv_work_t pool_start; /* an empty job */
};

static void read_clocks(struct loop *loop)
{
    loop->now = clock_mono(loop->clock);
    loop->wall = clock_wall(loop->clock);
    loop->fresh = true;
}

/* The same at the begin of a callback: whoever must know of a gap hears of it first. */
static void wake(struct loop *loop)
{
    clock_us before = loop->now;
    read_clocks(loop);
    if (loop->now - before > loop->gap)
        loop->gap_fn(loop->gap_user);
}

void loop_on_gap(struct loop *loop, clock_us gap, void (*fn)(void *user), void *user)
{
    loop->gap = gap;
    loop->gap_fn = fn;
    loop->gap_user = user;
}

/* ---- timers ---------------------------------------------------------------------------------- */

static void arm_timer_fd(struct loop *loop)
{
    struct loop_timer *first = timer_heap_first(&loop->timers);
    clock_us deadline = first ? first->deadline : CLOCK_NEVER;
    if (loop->clock->fake || (deadline == loop->timer_armed && !loop->timer_fired))
        return;
    struct itimerspec when = {0};
    if (deadline != CLOCK_NEVER) {
        clock_us at = deadline > 0 ? deadline : 1;
        when.it_value.tv_sec = (time_t)(at / CLOCK_S);
        when.it_value.tv_nsec = (long)(at % CLOCK_S * 1000);
    }
    timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    loop->timer_armed = deadline;
    loop->timer_fired = false;
}

/* What a callback starts waits for the next turn, even when it is due at once: descriptors come
 * first. */
static void fire_timers(struct loop *loop)
{
    struct loop_timer *timer;
    uint64_t newest = loop->timers_started;
    while ((timer = timer_heap_first(&loop->timers)) && timer->deadline <= loop->now &&
           timer->order <= newest) {
        timer_heap_remove(&loop->timers, timer);
        if (timer->period) {
            clock_us late = loop->now - timer->deadline;
            timer->deadline += (late / timer->period + 1) * timer->period;
            timer_heap_add(&loop->timers, timer);
        } else {
            timer->loop = NULL;
        }
        timer->fn(timer, timer->user);
    }
}

static void start_timer(struct loop *loop, struct loop_timer *timer, clock_us deadline,
                        clock_us period)
{
    loop_timer_stop(timer);
    timer->loop = loop;
    /* A past deadline must not overtake those that are due already, see fire_timers. */
    timer->deadline = deadline > loop->now ? deadline : loop->now;
    timer->period = period;
    timer->order = ++loop->timers_started;
    timer_heap_add(&loop->timers, timer);
}

void loop_timer_at(struct loop *loop, struct loop_timer *timer, clock_us deadline,
                   loop_timer_fn *fn, void *user)
{
    start_timer(loop, timer, deadline, 0);
    timer->fn = fn;
    timer->user = user;
}

void loop_timer_every(struct loop *loop, struct loop_timer *timer, clock_us delay, clock_us period,
                      loop_timer_fn *fn, void *user)
{
    assert(period > 0);
    start_timer(loop, timer, loop->now + delay, period);
    timer->fn = fn;
    timer->user = user;
}

void loop_timer_stop(struct loop_timer *timer)
{
    if (!timer->loop)
        return;
    timer_heap_remove(&timer->loop->timers, timer);
    timer->loop = NULL;
}

bool loop_timer_running(const struct loop_timer *timer)
{
    return timer->loop != NULL;
}

/* ---- end of the turn ------------------------------------------------------------------------- */

void loop_defer(struct loop *loop, struct loop_defer *defer, loop_defer_fn *fn, void *user)
{
    defer->fn = fn;
    defer->user = user;
    if (defer->queue)
        return;
    defer->queue = &loop->deferred;
    struct loop_defer **end = &loop->deferred;
    while (*end)
        end = &(*end)->next;
    defer->next = NULL;
    *end = defer;
}

void loop_defer_cancel(struct loop_defer *defer)
{
    if (!defer->queue)
        return;
    for (struct loop_defer **at = defer->queue; *at; at = &(*at)->next) {
        if (*at == defer) {
            *at = defer->next;
            break;
        }
    }
    defer->queue = NULL;
}

static void run_deferred(struct loop *loop)
{
    struct loop_defer *defer;
    while ((defer = loop->deferred)) {
        loop->deferred = defer->next;
        defer->queue = NULL;
        defer->fn(defer, defer->user);
    }
}

/* ---- turns ----------------------------------------------------------------------------------- */

static void on_prepare(uv_prepare_t *handle)
{
    struct loop *loop = handle->data;
    run_deferred(loop);
    arm_timer_fd(loop);
    loop->fresh = false;
}

/* libuv serves descriptors in its poll phase, then calls this: timers and deferred work end the
 * turn. */
static void on_check(uv_check_t *handle)
{
    struct loop *loop = handle->data;
    if (!loop->fresh) /* a descriptor's callback has done it, a moment ago */
        wake(loop);
    fire_timers(loop);
    run_deferred(loop);
}

static void on_timer_fd(uv_poll_t *handle, int status, int events)
{
    struct loop *loop = handle->data;
    (void)status;
    (void)events;
    /* Not read: arming it for the next deadline, which follows, makes it unreadable as well. */
    loop->timer_fired = true;
}

void loop_run(struct loop *loop)
{
    read_clocks(loop);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_poll(struct loop *loop)
{
    wake(loop);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
}

void loop_advance(struct loop *loop, clock_us by)
{
    assert(loop->clock->fake);
    clock_us end = clock_mono(loop->clock) + by;
    loop_poll(loop);
    struct loop_timer *timer;
    while ((timer = timer_heap_first(&loop->timers)) && timer->deadline <= end) {
        clock_us wait = timer->deadline - clock_mono(loop->clock);
        if (wait > 0)
            clock_fake_advance(loop->clock, wait);
        loop_poll(loop);
    }
    clock_fake_advance(loop->clock, end - clock_mono(loop->clock));
    loop_poll(loop);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

struct clock *loop_clock(struct loop *loop)
{
    return loop->clock;
}

clock_us loop_now(const struct loop *loop)
{
    return loop->now;
}

clock_us loop_wall(const struct loop *loop)
{
    return loop->wall;
}

/* ---- file descriptors ------------------------------------------------------------------------ */

static void free_handle(uv_handle_t *handle)
{
    free(handle);
}

static void on_fd(uv_poll_t *poll, int status, int events)
{
    struct loop_fd *handle = poll->data;
    if (!handle)
        return;
    int ready = status < 0 ? LOOP_READ | LOOP_WRITE | LOOP_HANGUP : 0;
    if (events & UV_READABLE)
        ready |= LOOP_READ;
    if (events & UV_WRITABLE)
        ready |= LOOP_WRITE;
    if (events & UV_DISCONNECT)
        ready |= LOOP_HANGUP;
    wake(handle->loop);
    handle->fn(handle, ready, handle->user);
}

int loop_fd_start(struct loop *loop, struct loop_fd *handle, int fd, int events, loop_fd_fn *fn,
                  void *user)
{
    if (handle->loop && handle->fd != fd)
        loop_fd_stop(handle);
    handle->fn = fn;
    handle->user = user;
    if (handle->loop && handle->events == events)
        return 0;
    if (!handle->loop) {
        uv_poll_t *poll = malloc(sizeof *poll);
        if (!poll)
            return -ENOMEM;
        int result = uv_poll_init(&loop->uv, poll, fd);
        if (result < 0) {
            free(poll);
            return result;
        }
        poll->data = handle;
        handle->watch = poll;
        handle->loop = loop;
        handle->fd = fd;
    }
    handle->events = events;
    int wanted = ((events & LOOP_READ) ? UV_READABLE : 0) |
                 ((events & LOOP_WRITE) ? UV_WRITABLE : 0) |
                 ((events & LOOP_HANGUP) ? UV_DISCONNECT : 0);
    return uv_poll_start(handle->watch, wanted, on_fd);
}

void loop_fd_stop(struct loop_fd *handle)
{
    if (!handle->loop)
        return;
    uv_poll_t *poll = handle->watch;
    poll->data = NULL;
    uv_poll_stop(poll);
    /* libuv frees nothing itself, and only after this turn may the memory go. */
    uv_close((uv_handle_t *)poll, free_handle);
    handle->watch = NULL;
    handle->loop = NULL;
    handle->fd = -1;
    handle->events = 0;
}

/* ---- jobs and signals ------------------------------------------------------------------------ */

struct job {
    uv_work_t uv;
    void (*work)(void *user);
    void (*done)(void *user);
    void *user;
    struct loop *loop;
};

static void job_work(uv_work_t *uv)
{
    struct job *job = uv->data;
    job->work(job->user);
}

static void job_done(uv_work_t *uv, int status)
{
    struct job *job = uv->data;
    (void)status;
    wake(job->loop);
    job->done(job->user);
    free(job);
}

int loop_job_start(struct loop *loop, void (*work)(void *user), void (*done)(void *user),
                   void *user)
{
    struct job *job = malloc(sizeof *job);
    if (!job)
        return -ENOMEM;
    *job = (struct job){.work = work, .done = done, .user = user, .loop = loop};
    job->uv.data = job;
    int result = uv_queue_work(&loop->uv, &job->uv, job_work, job_done);
    if (result < 0)
        free(job);
    return result;
}

static void no_work(uv_work_t *uv)
{
    (void)uv;
}

int loop_pool_start(struct loop *loop)
{
    return uv_queue_work(&loop->uv, &loop->pool_start, no_work, NULL);
}

static void on_signal(uv_signal_t *uv, int number)
{
    struct signal_watch *watch = uv->data;
    watch->fn(number, watch->user);
}

int loop_on_signal(struct loop *loop, int number, void (*fn)(int number, void *user), void *user)
{
    if (loop->signal_count == SIGNALS_MAX)
        return -ENOSPC;
    struct signal_watch *watch = &loop->signals[loop->signal_count++];
    uv_signal_init(&loop->uv, &watch->uv);
    watch->uv.data = watch;
    watch->fn = fn;
    watch->user = user;
    return uv_signal_start(&watch->uv, on_signal, number);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct loop *loop_new(struct clock *clock)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return NULL;
    loop->clock = clock;
    loop->timer_armed = loop->gap = CLOCK_NEVER;
    loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->timer_fd < 0 || uv_loop_init(&loop->uv) < 0) {
        if (loop->timer_fd >= 0)
            close(loop->timer_fd);
        free(loop);
        return NULL;
    }
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    uv_poll_init(&loop->uv, &loop->timer_poll, loop->timer_fd);
    loop->prepare.data = loop->check.data = loop->timer_poll.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_start(&loop->check, on_check);
    uv_poll_start(&loop->timer_poll, UV_READABLE, on_timer_fd);
    read_clocks(loop);
    return loop;
}

struct loop *loop_free(struct loop *loop)
{
    if (!loop)
        return NULL;
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->timer_poll, NULL);
    for (int i = 0; i < loop->signal_count; i++)
        uv_close((uv_handle_t *)&loop->signals[i].uv, NULL);
    /* Lets close callbacks run and waits for jobs of the pool, whose memory is not ours to take. */
    while (uv_run(&loop->uv, UV_RUN_DEFAULT)) {
    }
    int busy = uv_loop_close(&loop->uv);
    assert(busy == 0);
    (void)busy;
    timer_heap_deinit(&loop->timers);
    close(loop->timer_fd);
    free(loop);
    return NULL;
}
