/* Kill -9 while notices are told and delivered: a child tells numbered notices at full speed to a
 * receiver that takes some, puts others off, and is slow now and then. Through a pipe it reports
 * what the receiver was given, and what it knows to be on the disk. The parent kills it at a random
 * moment and starts the next one on the same folder. None that was on the disk may be missing in
 * the end, all come in order, the same job brings the same notices, and what was known to be
 * delivered never comes again. Usage: notify_kill [rounds] [seed] */
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "notify_testing.h"

#define LIFE_MOST_US 60000
#define BURST 40
#define SITE                                                                                       \
    "recipients: {ops: {kind: webhook, url: \"http://a/\", least: info}}\n"                        \
    "notices: {most: 100000}\n"

#define TOGETHER 7

/* TOLD: `number` is about to be told. DURABLE: all up to `number` are on the disk. GIVEN: the
 * receiver got `number` as the one at `index` of job `id`. KNOWN: that all up to `number` are
 * delivered is on the disk. */
enum what { TOLD, DURABLE, GIVEN, KNOWN };

struct report {
    uint64_t what, number, id, index;
};

/* ---- the child ------------------------------------------------------------------------------- */

struct life {
    struct testing t;
    int pipe;
    uint64_t seed, told, delivered;
    struct notify_job *held;
};

static void report(const struct life *life, enum what what, uint64_t number, uint64_t id,
                   uint64_t index)
{
    const struct report told = {what, number, id, index};
    if (write(life->pipe, &told, sizeof told) != sizeof told)
        _exit(3);
}

static uint64_t number_of(const struct notice *notice)
{
    return strtoull(notice->subject, NULL, 10);
}

static void finish(struct life *life, struct notify_job *job)
{
    uint64_t last = number_of(&job->notices[job->count - 1]);
    if (test_below(&life->seed, 4) == 0) {
        notify_done(life->t.notify, job, NOTIFY_LATER, "not now");
        return;
    }
    life->delivered = last;
    notify_done(life->t.notify, job, NOTIFY_DELIVERED, "");
}

static void on_send(void *user, struct notify_job *job)
{
    struct life *life = user;
    for (size_t i = 0; i < job->count; i++)
        report(life, GIVEN, number_of(&job->notices[i]), job->id, i);
    if (test_below(&life->seed, 3) == 0)
        life->held = job;
    else
        finish(life, job);
}

static void on_abandon(void *user, struct notify_job *job)
{
    (void)user;
    (void)job;
    _exit(4);
}

static void look_at_disk(struct life *life)
{
    if (!notify_durable(life->t.notify))
        return;
    report(life, DURABLE, life->told, 0, 0);
    if (life->delivered)
        report(life, KNOWN, life->delivered, 0, 0);
}

static void live(const char *folder, uint64_t number, uint64_t seed, int pipe)
{
    static struct life life;
    struct testing *t = &life.t;
    life.pipe = pipe;
    life.seed = seed;
    life.told = number - 1;
    t->clock = clock_fake(TESTING_MONDAY + (clock_us)(number * CLOCK_S));
    t->loop = loop_new(&t->clock);
    snprintf(t->folder, sizeof t->folder, "%s", folder);
    t->config = testing_config(t, SITE);
    t->notify = notify_open(&(struct notify_context){.loop = t->loop, .folder = folder}, t->config);
    t->route = (struct notify_route){
        .kind = "webhook", .most = TOGETHER, .send = on_send, .abandon = on_abandon, .user = &life};
    notify_route_add(t->notify, &t->route);
    for (;;) {
        for (uint64_t i = test_below(&life.seed, BURST); i > 0; i--) {
            char subject[24];
            snprintf(subject, sizeof subject, "%" PRIu64, ++life.told);
            report(&life, TOLD, life.told, 0, 0);
            if (testing_tell(t, ALARM_WARNING, subject) < 0)
                _exit(5);
        }
        loop_advance(t->loop, test_below(&life.seed, 20) * CLOCK_S);
        if (life.held && test_below(&life.seed, 2) == 0) {
            struct notify_job *job = life.held;
            life.held = NULL;
            finish(&life, job);
        }
        loop_poll(t->loop);
        for (bool wait = test_below(&life.seed, 8) == 0; wait && !notify_durable(t->notify);) {
            usleep(100);
            loop_poll(t->loop);
        }
        look_at_disk(&life);
    }
}

/* ---- the parent ------------------------------------------------------------------------------ */

#define LIVES_MOST 1000
#define JOBS_MOST 200000

struct job {
    uint64_t id, numbers[TOGETHER];
};

struct tally {
    uint64_t told, durable, known; /* numbers, see above */
    uint64_t given;                /* the highest that the receiver got */
    uint64_t ends[LIVES_MOST];     /* the last that each life has told ... */
    uint64_t kept[LIVES_MOST];     /* ... and of them surely kept: those between may be missing */
    size_t lives;
    struct job *jobs; /* that came, each id once */
    size_t job_count, again;
};

static int complain(const char *what, const struct report *report)
{
    fprintf(stderr, "FAILED: notice %" PRIu64 " of job %" PRIx64 " %s\n", report->number,
            report->id, what);
    return -1;
}

/* Whether those from `first` to `last` were the end of a life, and not known to be on the disk. */
static bool may_miss(const struct tally *tally, uint64_t first, uint64_t last)
{
    for (size_t i = 0; i < tally->lives; i++) {
        if (tally->ends[i] >= first && first <= tally->kept[i])
            return false;
        if (tally->ends[i] >= last)
            return tally->ends[i] == last;
        if (tally->ends[i] >= first)
            first = tally->ends[i] + 1;
    }
    return false;
}

static int take_number(struct tally *tally, const struct report *report)
{
    if (report->number > tally->given + 1 && !may_miss(tally, tally->given + 1, report->number - 1))
        return complain("came, and one before it never did", report);
    if (report->number > tally->given)
        tally->given = report->number;
    return 0;
}

static int take_given(struct tally *tally, const struct report *report)
{
    size_t at = tally->job_count;
    while (at > 0 && tally->jobs[at - 1].id != report->id)
        at--;
    struct job *job = at > 0 ? &tally->jobs[at - 1] : NULL;
    if (report->number <= tally->known)
        return complain("came again, though it was known to be delivered", report);
    if (!job) {
        if (tally->job_count == JOBS_MOST)
            return complain("is one of too many for this test", report);
        job = &tally->jobs[tally->job_count++];
        job->id = report->id;
    } else if (report->index == 0) {
        tally->again++;
    }
    uint64_t *number = &job->numbers[report->index];
    if (*number && *number != report->number)
        return complain("came again as another", report);
    *number = report->number;
    return take_number(tally, report);
}

static int read_reports(int pipe, struct tally *tally)
{
    struct report report;
    int result = 0;
    while (read(pipe, &report, sizeof report) == sizeof report) {
        if (result < 0)
            continue;
        if (report.what == TOLD)
            tally->told = report.number;
        else if (report.what == DURABLE && report.number > tally->durable)
            tally->durable = report.number;
        else if (report.what == KNOWN && report.number > tally->known)
            tally->known = report.number;
        else if (report.what == GIVEN)
            result = take_given(tally, &report);
    }
    tally->ends[tally->lives] = tally->told;
    tally->kept[tally->lives++] = tally->durable;
    return result;
}

static int kill_once(const char *folder, struct tally *tally, uint64_t *seed)
{
    int pipes[2], status;
    if (pipe(pipes) != 0)
        return -1;
    uint64_t next = tally->told + 1;
    uint64_t child_seed = test_random(seed);
    pid_t child = fork();
    if (child == 0) {
        close(pipes[0]);
        live(folder, next, child_seed, pipes[1]);
    }
    close(pipes[1]);
    usleep((useconds_t)(3000 + test_below(seed, LIFE_MOST_US)));
    kill(child, SIGKILL);
    int result = read_reports(pipes[0], tally);
    close(pipes[0]);
    waitpid(child, &status, 0);
    if (!WIFSIGNALED(status)) {
        fprintf(stderr, "FAILED: a child ended by itself, status %x\n", (unsigned)status);
        return -1;
    }
    return result;
}

int main(int count, char **arguments)
{
    int rounds = count > 1 ? atoi(arguments[1]) : 60; /* at most 1000 */
    uint64_t seed = count > 2 ? strtoull(arguments[2], NULL, 0) : test_seed();
    char folder[200];
    struct tally tally = {0};
    int failed = 0;
    printf("# notify_kill %d %llu\n", rounds, (unsigned long long)seed);
    fflush(stdout);
    tally.jobs = calloc(JOBS_MOST, sizeof *tally.jobs);
    test_folder(folder, sizeof folder);
    for (int i = 0; i < rounds && !failed; i++)
        failed = kill_once(folder, &tally, &seed);
    failed = failed || tally.known < (uint64_t)rounds || !tally.again; /* else nothing was tried */
    printf("1..1\n%s 1 - %" PRIu64 " notices in %zu jobs over %d kills, %zu jobs came again\n",
           failed ? "not ok" : "ok", tally.given, tally.job_count, rounds, tally.again);
    if (!failed)
        test_folder_remove(folder);
    free(tally.jobs);
    return failed;
}
