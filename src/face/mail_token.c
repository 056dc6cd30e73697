#include "face/mail_token.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define TOKEN_MOST 8192
#define RUN_MOST (30 * CLOCK_S)
#define WORDS_MOST 200 /* of what it says to standard error */
/* A token is good for this much longer when it is used: clocks differ, and sessions take time. */
#define MARGIN (60 * CLOCK_S)
#define GOOD_MOST (7 * 86400)

/* A question on the pool, which may outlive the one who asked. */
struct asking {
    struct mail_token *token; /* NULL: that has gone, or does not wait any more */
    char *path;
    bool run;
    char text[TOKEN_MOST + 1];
    long good; /* s; 0: not said */
    struct err err;
};

struct mail_token {
    struct loop *loop;
    struct asking *asking;
    char *kept, *kept_path; /* NULL: none */
    clock_us kept_until;
    struct loop_defer defer;
    mail_token_fn *done; /* NULL: nobody waits */
    void *user;
};

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

/* ---- a program, on the pool ------------------------------------------------------------------ */

struct running {
    pid_t pid;
    int out, err; /* ends of pipes that it writes to */
    char words[WORDS_MOST + 1];
    size_t length, words_length;
};

static int check_program(struct asking *asking)
{
    struct stat facts;
    if (stat(asking->path, &facts) < 0)
        return err_set_errno(&asking->err, -errno, "the program %.300s cannot be run",
                             asking->path);
    bool ours = facts.st_uid == 0 || facts.st_uid == geteuid();
    if (!S_ISREG(facts.st_mode) || !ours || facts.st_mode & (S_IWGRP | S_IWOTH))
        return err_set(&asking->err, -EPERM,
                       "the program %.300s is not run: it must be a file that belongs to root and "
                       "that only its owner may write",
                       asking->path);
    return 0;
}

/* With both pipes as its output, and nothing else of ours. */
static int spawn(struct asking *asking, struct running *running, const int out[2], const int err[2])
{
    char *const arguments[] = {asking->path, NULL};
    char path[] = "PATH=/usr/local/bin:/usr/bin:/bin", home[] = "HOME=/", lang[] = "LANG=C.UTF-8";
    char *const environment[] = {path, home, lang, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_adddup2(&actions, err[1], 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    int result =
        posix_spawn(&running->pid, asking->path, &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result ? err_set_errno(&asking->err, -result, "the program %.300s cannot be run",
                                  asking->path)
                  : 0;
}

/* Some of one pipe; false at its end. */
static bool take(int fd, char *to, size_t most, size_t *length)
{
    char rest[512];
    size_t room = most - *length;
    ssize_t got = read(fd, room ? to + *length : rest, room ? room : sizeof rest);
    if (got > 0 && room)
        *length += (size_t)got;
    return got > 0 || (got < 0 && (errno == EINTR || errno == EAGAIN));
}

/* Until both pipes have ended; false when it took too long. */
static bool listen_to(struct asking *asking, struct running *running)
{
    struct clock clock = clock_system();
    clock_us end = clock_mono(&clock) + RUN_MOST;
    struct pollfd ends[] = {{.fd = running->out, .events = POLLIN},
                            {.fd = running->err, .events = POLLIN}};
    while (ends[0].fd >= 0 || ends[1].fd >= 0) {
        clock_us left = end - clock_mono(&clock);
        if (left <= 0)
            return false;
        if (poll(ends, 2, (int)(left / CLOCK_MS) + 1) <= 0)
            continue;
        if (ends[0].revents && !take(ends[0].fd, asking->text, TOKEN_MOST, &running->length))
            ends[0].fd = -1;
        if (ends[1].revents &&
            !take(ends[1].fd, running->words, WORDS_MOST, &running->words_length))
            ends[1].fd = -1;
    }
    return true;
}

static void judge(struct asking *asking, const struct running *running, bool in_time, int status)
{
    const char *words = running->words;
    size_t length = strcspn(words, "\r\n");
    if (!in_time)
        err_set(&asking->err, -ETIMEDOUT, "the program %.200s printed no token within %d s",
                asking->path, (int)(RUN_MOST / CLOCK_S));
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        err_set(&asking->err, -EIO, "the program %.200s failed (%s %d)%s%.*s", asking->path,
                WIFEXITED(status) ? "status" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status), length ? ": " : "",
                (int)length, words);
    else if (!asking->text[strspn(asking->text, " \t\r\n")])
        err_set(&asking->err, -EINVAL, "the program %.200s printed nothing", asking->path);
}

static void run_program(struct asking *asking)
{
    struct running running = {.pid = -1};
    int out[2] = {-1, -1}, err[2] = {-1, -1}, status = 0;
    if (check_program(asking) < 0)
        return;
    bool piped = pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0;
    if (!piped)
        err_set_errno(&asking->err, -errno, "the program %.300s cannot be run", asking->path);
    bool spawned = piped && spawn(asking, &running, out, err) == 0;
    const int theirs[] = {out[1], err[1]}, ours[] = {out[0], err[0]};
    for (int i = 0; i < 2; i++) {
        if (theirs[i] >= 0)
            close(theirs[i]);
    }
    if (spawned) {
        running.out = out[0];
        running.err = err[0];
        bool in_time = listen_to(asking, &running);
        if (!in_time)
            kill(-running.pid, SIGKILL); /* and what it has started */
        while (waitpid(running.pid, &status, 0) < 0 && errno == EINTR)
            ;
        judge(asking, &running, in_time, status);
    }
    for (int i = 0; i < 2; i++) {
        if (ours[i] >= 0)
            close(ours[i]);
    }
}

/* ---- on the pool ----------------------------------------------------------------------------- */

static void read_token_file(struct asking *asking)
{
    struct buf text = BUF_EMPTY;
    if (file_read(asking->path, TOKEN_MOST, &text, &asking->err) == 0)
        snprintf(asking->text, sizeof asking->text, "%s", buf_text(&text));
    if (text.data)
        explicit_bzero(text.data, text.capacity);
    buf_deinit(&text);
    if (!asking->err.code && !asking->text[strspn(asking->text, " \t\r\n")])
        err_set(&asking->err, -EINVAL, "%.300s is empty", asking->path);
}

/* "TOKEN [SECONDS]" */
static void work(void *user)
{
    struct asking *asking = user;
    if (asking->run)
        run_program(asking);
    else
        read_token_file(asking);
    char *at = asking->text + strspn(asking->text, " \t\r\n");
    size_t length = strcspn(at, " \t\r\n");
    asking->good = at[length] ? strtol(at + length, NULL, 10) : 0;
    memmove(asking->text, at, length);
    explicit_bzero(asking->text + length, sizeof asking->text - length);
}

static void free_asking(struct asking *asking)
{
    explicit_bzero(asking->text, sizeof asking->text);
    free(asking->path);
    free(asking);
}

/* ---- on the loop ----------------------------------------------------------------------------- */

void mail_token_forget(struct mail_token *token)
{
    wipe(token->kept);
    free(token->kept_path);
    token->kept = token->kept_path = NULL;
}

static void keep(struct mail_token *token, const struct asking *asking)
{
    mail_token_forget(token);
    if (!asking->run || asking->good <= MARGIN / CLOCK_S || asking->good > GOOD_MOST)
        return;
    token->kept = mem_text(asking->text);
    token->kept_path = mem_text(asking->path);
    token->kept_until = loop_now(token->loop) + asking->good * CLOCK_S - MARGIN;
}

static void answer(struct mail_token *token, const char *text, const struct err *err)
{
    mail_token_fn *done = token->done;
    token->done = NULL;
    if (done)
        done(token->user, text, err);
}

static void on_asked(void *user)
{
    struct asking *asking = user;
    struct mail_token *token = asking->token;
    if (token) {
        token->asking = NULL;
        bool good = asking->err.code == 0;
        if (good)
            keep(token, asking);
        answer(token, good ? asking->text : NULL, &asking->err);
    }
    free_asking(asking);
}

static void on_kept(struct loop_defer *defer, void *user)
{
    struct mail_token *token = user;
    (void)defer;
    const struct err none = {.code = -ENOMEM, .text = "out of memory"};
    answer(token, token->kept, &none);
}

void mail_token_get(struct mail_token *token, const struct mail_settings *settings,
                    mail_token_fn *done, void *user)
{
    bool run = *settings->token_command;
    const char *path = run ? settings->token_command : settings->token_file;
    mail_token_cancel(token);
    token->done = done;
    token->user = user;
    if (token->kept &&
        (strcmp(token->kept_path, path) != 0 || loop_now(token->loop) >= token->kept_until))
        mail_token_forget(token);
    struct asking *asking = token->kept ? NULL : calloc(1, sizeof *asking);
    if (asking) {
        asking->token = token;
        asking->path = mem_text(path);
        asking->run = run;
        if (loop_job_start(token->loop, work, on_asked, asking) == 0) {
            token->asking = asking;
            return;
        }
        free_asking(asking);
    }
    loop_defer(token->loop, &token->defer, on_kept, token);
}

void mail_token_cancel(struct mail_token *token)
{
    token->done = NULL;
    loop_defer_cancel(&token->defer);
    if (token->asking)
        token->asking->token = NULL;
    token->asking = NULL;
}

struct mail_token *mail_token_new(struct loop *loop)
{
    struct mail_token *token = calloc(1, sizeof *token);
    if (token) {
        token->loop = loop;
        token->defer = LOOP_DEFER_EMPTY;
    }
    return token;
}

struct mail_token *mail_token_free(struct mail_token *token)
{
    if (!token)
        return NULL;
    mail_token_cancel(token);
    mail_token_forget(token);
    free(token);
    return NULL;
}
