/* The switcher's ties: to the field below, which writes and reads, and to the state folder. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/saver.h"
#include "daemon/daemon_private.h"
#include "engine/load.h"
#include "engine/output.h"
#include "engine/switcher.h"
#include "field/control.h"

#define KEPT_MOST (32u << 20)

/* A write under way: the field's words become the switcher's. */
struct writing {
    struct writing *next;
    struct switching *switching;
    struct control *control;
    switcher_done_fn *done;
    void *to;
};

struct switching {
    struct daemon *daemon;
    struct writing *writings;
    char *file;
};

/* ---- to the field ---------------------------------------------------------------------------- */

static void forget(struct writing *writing)
{
    struct writing **at = &writing->switching->writings;
    while (*at != writing)
        at = &(*at)->next;
    *at = writing->next;
    free(writing);
}

static void on_done(void *user, enum control_result result, const struct err *err)
{
    static const enum switcher_result results[] = {
        [CONTROL_ACCEPTED] = SWITCHER_ACCEPTED,
        [CONTROL_REFUSED] = SWITCHER_REFUSED,
        [CONTROL_UNSURE] = SWITCHER_UNSURE,
        [CONTROL_NOT_SENT] = SWITCHER_NOT_SENT,
    };
    struct writing *writing = user;
    switcher_done_fn *done = writing->done;
    void *to = writing->to;
    forget(writing);
    done(to, results[result], err);
}

static void *start(void *user, point_id point, double number, switcher_done_fn *done, void *to,
                   struct err *err)
{
    struct switching *switching = user;
    struct writing *writing = mem_new(sizeof *writing);
    *writing = (struct writing){
        .next = switching->writings, .switching = switching, .done = done, .to = to};
    switching->writings = writing;
    writing->control = control_start(switching->daemon->field, point,
                                     output_to_board(switching->daemon->outputs, point, number),
                                     on_done, writing, err);
    if (writing->control)
        return writing;
    forget(writing);
    return NULL;
}

static bool cancel(void *user, void *control)
{
    struct writing *writing = control;
    (void)user;
    bool dropped = control_cancel(writing->control);
    forget(writing);
    return dropped;
}

static bool possible(void *user, point_id point)
{
    const struct switching *switching = user;
    return switching->daemon->field && control_possible(switching->daemon->field, point);
}

static bool read_now(void *user, point_id point, void (*done)(void *to, bool answered), void *to)
{
    const struct switching *switching = user;
    return control_read(switching->daemon->field, point, done, to);
}

/* ---- to the disk ----------------------------------------------------------------------------- */

static int save(void *user, struct buf *content, void (*done)(void *to, const struct err *err),
                void *to, struct err *err)
{
    const struct switching *switching = user;
    return saver_write(switching->daemon->saver, switching->file, 0640, content, done, to, err);
}

static void read_text(const char *path, struct buf *text)
{
    struct err err = ERR_EMPTY;
    int result = file_read(path, KEPT_MOST, text, &err);
    if (result < 0 && result != -ENOENT)
        log_error("switching", "what was pending is not known: %s", err.text);
    if (result < 0)
        buf_clear(text);
}

/* ---- life ------------------------------------------------------------------------------------ */

void daemon_switching_start(struct daemon *daemon)
{
    struct switching *switching = mem_new(sizeof *switching);
    struct buf path = BUF_EMPTY, kept = BUF_EMPTY, boot = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    switching->daemon = daemon;
    daemon->switching = switching;
    buf_add_format(&path, "%s/switching.json", daemon->state_folder);
    switching->file = mem_text(buf_text(&path));
    read_text(switching->file, &kept);
    read_text(FILE_BOOT_ID, &boot);
    daemon->commands = commands_new(&daemon->clock);
    daemon->switcher = switcher_open(
        &(struct switcher_options){
            .site = daemon->site,
            .commands = daemon->commands,
            .config = daemon->config,
            .events = daemon->events,
            .meter = daemon->meter,
            .hardware = {.start = start,
                         .cancel = cancel,
                         .possible = possible,
                         .read = read_now,
                         .user = switching},
            .store =
                {.save = save, .user = switching, .kept = buf_text(&kept), .boot = buf_text(&boot)},
        },
        &err);
    buf_deinit(&path);
    buf_deinit(&kept);
    buf_deinit(&boot);
}

void daemon_switching_stop(struct daemon *daemon)
{
    switcher_stop(daemon->switcher);
    load_save(daemon->load);
}

void daemon_switching_end(struct daemon *daemon)
{
    if (!daemon->switching)
        return;
    saver_forget(daemon->saver, daemon->switcher);
    daemon->switcher = switcher_close(daemon->switcher);
    daemon->commands = commands_free(daemon->commands);
    while (daemon->switching->writings)
        forget(daemon->switching->writings);
    free(daemon->switching->file);
    free(daemon->switching);
    daemon->switching = NULL;
}
