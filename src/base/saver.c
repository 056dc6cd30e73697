#include "base/saver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

struct task {
    struct task *next;
    struct saver *saver; /* NULL: it was freed while the pool worked */
    char *path;
    mode_t mode;
    struct buf content;
    struct err err;
    saver_done_fn *done; /* NULL: forgotten */
    void *user;
};

struct saver {
    struct loop *loop;
    struct task *first, **end; /* the first one is on the pool */
    struct loop_defer refused;
};

static void wipe(struct buf *content)
{
    if (content->data)
        explicit_bzero(content->data, content->capacity);
    buf_deinit(content);
}

static void free_task(struct task *task)
{
    wipe(&task->content);
    free(task->path);
    free(task);
}

struct saver *saver_new(struct loop *loop)
{
    struct saver *saver = calloc(1, sizeof *saver);
    if (saver) {
        saver->loop = loop;
        saver->end = &saver->first;
    }
    return saver;
}

struct saver *saver_free(struct saver *saver)
{
    if (!saver)
        return NULL;
    struct task *task = saver->first;
    if (task && !saver->refused.queue) {
        struct task *under_way = task;
        task = task->next;
        under_way->saver = NULL;
    }
    loop_defer_cancel(&saver->refused);
    while (task) {
        struct task *next = task->next;
        free_task(task);
        task = next;
    }
    free(saver);
    return NULL;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void run_first(struct saver *saver);

/* Pool thread: touches nothing but the task. */
static void work(void *user)
{
    struct task *task = user;
    file_replace(task->path, task->content.data, task->content.length, task->mode, &task->err);
}

static void finish(struct task *task)
{
    struct saver *saver = task->saver;
    if (saver) {
        saver->first = task->next;
        if (!saver->first)
            saver->end = &saver->first;
        else
            run_first(saver);
        if (task->done)
            task->done(task->user, &task->err);
    }
    free_task(task);
}

static void on_worked(void *user)
{
    finish(user);
}

static void on_refused(struct loop_defer *defer, void *user)
{
    (void)defer;
    struct saver *saver = user;
    err_set(&saver->first->err, -ENOMEM, "cannot write %s: out of memory", saver->first->path);
    finish(saver->first);
}

static void run_first(struct saver *saver)
{
    if (loop_job_start(saver->loop, work, on_worked, saver->first) < 0)
        loop_defer(saver->loop, &saver->refused, on_refused, saver);
}

int saver_write(struct saver *saver, const char *path, mode_t mode, struct buf *content,
                saver_done_fn *done, void *user, struct err *err)
{
    struct task *task = calloc(1, sizeof *task);
    if (task)
        *task = (struct task){.saver = saver,
                              .path = strdup(path),
                              .mode = mode,
                              .content = *content,
                              .done = done,
                              .user = user};
    if (!task || !task->path || content->failed) {
        wipe(content);
        free(task ? task->path : NULL);
        free(task);
        return err_set(err, -ENOMEM, "cannot write %s: out of memory", path);
    }
    *content = BUF_EMPTY;
    bool idle = !saver->first;
    *saver->end = task;
    saver->end = &task->next;
    if (idle)
        run_first(saver);
    return 0;
}

void saver_forget(struct saver *saver, const void *user)
{
    for (struct task *task = saver->first; task; task = task->next) {
        if (task->user == user)
            task->done = NULL;
    }
}

bool saver_busy(const struct saver *saver)
{
    return saver->first;
}
