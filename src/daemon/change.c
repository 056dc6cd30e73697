/* Changes of settings from pages and API: one after the other, each built on what the one before
 * left, saved on the worker pool, and put into force when it is durable. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/saver.h"
#include "daemon/daemon_private.h"

#define CHANGES_MOST 64

struct daemon_change {
    struct daemon_change *next;
    struct daemon *daemon;
    struct config_change *list; /* texts are copies */
    size_t count;
    int64_t revision;
    char *who, *from;
    web_applied_fn *applied;
    web_changed_fn *changed; /* NULL: nobody waits any more */
    void *to;
    struct config *fresh; /* while it is saved */
};

static void run_first(struct daemon *daemon);

static void free_change(struct daemon_change *change)
{
    for (size_t i = 0; change->list && i < change->count; i++) {
        free((char *)(uintptr_t)change->list[i].key);
        free((char *)(uintptr_t)change->list[i].text);
    }
    free(change->list);
    free(change->who);
    free(change->from);
    config_free(change->fresh);
    free(change);
}

static bool copy_wish(struct daemon_change *change, const struct web_change *wish)
{
    change->count = wish->count;
    change->revision = wish->revision;
    change->who = strdup(wish->who);
    change->from = strdup(wish->from);
    change->list = calloc(wish->count + 1, sizeof *change->list);
    bool good = change->who && change->from && change->list;
    for (size_t i = 0; good && i < wish->count; i++) {
        const struct config_change *one = &wish->list[i];
        change->list[i].key = strdup(one->key);
        change->list[i].text = one->text ? strdup(one->text) : NULL;
        good = change->list[i].key && (!one->text || change->list[i].text);
    }
    return good;
}

/* ---- one after the other --------------------------------------------------------------------- */

static void on_next(struct loop_defer *defer, void *user)
{
    (void)defer;
    struct daemon *daemon = user;
    if (daemon->changes) {
        if (!daemon->changes->fresh)
            run_first(daemon);
    } else if (daemon->reload_wanted) {
        daemon->reload_wanted = false;
        daemon_reload(daemon);
    }
}

static void finish(struct daemon_change *change, int result, const struct err_list *errors)
{
    struct daemon *daemon = change->daemon;
    daemon->changes = change->next;
    if (change->changed)
        change->changed(change->to, result, errors);
    free_change(change);
    loop_defer(daemon->loop, &daemon->next_change, on_next, daemon);
}

static void fail(struct daemon_change *change, int result, const struct err *err)
{
    struct err_list errors = ERR_LIST_EMPTY;
    err_list_add(&errors, err);
    finish(change, result, &errors);
    err_list_deinit(&errors);
}

static void on_saved(void *user, const struct err *err)
{
    struct daemon *daemon = user;
    struct daemon_change *change = daemon->changes;
    struct config *fresh = change->fresh;
    if (err->code) {
        log_error("settings", "%s", err->text);
        fail(change, err->code == -EINVAL ? -EIO : err->code, err);
        return;
    }
    change->fresh = NULL;
    daemon->config_problem[0] = '\0'; /* the site file was read with the change */
    daemon_adopt(daemon, fresh, &(struct daemon_author){change->who, change->from},
                 change->changed ? change->applied : NULL, change->to);
    finish(change, 0, NULL);
}

/* The file that is to be, on its way to the disk; negative with `err`. */
static int save(struct daemon_change *change, struct err *err)
{
    struct daemon *daemon = change->daemon;
    struct buf content = BUF_EMPTY;
    config_write_overlay(change->fresh, &content);
    return saver_write(daemon->saver, daemon->overlay_file, 0600, &content, on_saved, daemon, err);
}

static void run_first(struct daemon *daemon)
{
    struct daemon_change *change = daemon->changes;
    struct err_list errors = ERR_LIST_EMPTY;
    struct err err = ERR_EMPTY;
    if (change->revision >= 0 && (uint64_t)change->revision != daemon->config_revision) {
        err_set(&err, -ESTALE, "the settings were changed meanwhile");
        fail(change, -ESTALE, &err);
        return;
    }
    if (!mem_reserve()) {
        err_set(&err, -ENOMEM, "there is not enough memory to change settings now");
        fail(change, -ENOMEM, &err);
        return;
    }
    mem_lend(); /* the reader of YAML needs it: libfyaml crashes when memory is refused */
    change->fresh = config_load(&daemon->schema, daemon->options.site_file, daemon->overlay_file,
                                change->list, change->count, &errors);
    mem_reserve();
    if (!change->fresh)
        finish(change, -EINVAL, &errors);
    else if (save(change, &err) < 0)
        fail(change, err.code, &err);
    err_list_deinit(&errors);
}

/* ---- asking ---------------------------------------------------------------------------------- */

void *daemon_change(void *user, const struct web_change *wish, web_applied_fn *applied,
                    web_changed_fn *changed, void *to)
{
    struct daemon *daemon = user;
    size_t waiting = 0;
    struct daemon_change **end = &daemon->changes;
    for (; *end; end = &(*end)->next)
        waiting++;
    struct daemon_change *change = waiting < CHANGES_MOST ? calloc(1, sizeof *change) : NULL;
    if (!change)
        return NULL;
    change->daemon = daemon;
    change->applied = applied;
    change->changed = changed;
    change->to = to;
    if (!copy_wish(change, wish)) {
        free_change(change);
        return NULL;
    }
    *end = change;
    if (!waiting && !daemon->next_change.queue)
        run_first(daemon);
    return change;
}

void daemon_change_cancel(void *user, void *handle)
{
    struct daemon_change *change = handle;
    (void)user;
    change->changed = NULL;
}

void daemon_changes_end(struct daemon *daemon)
{
    loop_defer_cancel(&daemon->next_change);
    if (daemon->saver)
        saver_forget(daemon->saver, daemon);
    while (daemon->changes) {
        struct daemon_change *change = daemon->changes;
        daemon->changes = change->next;
        free_change(change);
    }
}
