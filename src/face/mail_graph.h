/* mail_graph - the picture of an alarm's mail: a point's last six hours from the history, read and
 * drawn beside the loop.
 *
 * It is not waited for longer than some seconds: an alarm goes without its picture rather than
 * late. Owned by a letter (mail_letter); loop thread only.
 */
#pragma once

#include "base/buf.h"
#include "base/loop.h"

struct history;
struct mail_graph;

struct mail_graph_wish {
    const char *path; /* borrowed during the call */
    clock_us to;      /* wall: the end of the picture */
    double limit;     /* a line across; NaN: none */
    int decimals;     /* of the point */
};

/* `done` is called once, never from inside this call: with a PNG, whose memory passes over, or NULL
 * when there is nothing to show or it would be late; the graph is gone then. NULL when the history
 * cannot be asked. */
struct mail_graph *mail_graph_start(struct loop *loop, struct history *history,
                                    const struct mail_graph_wish *wish,
                                    void (*done)(void *user, struct buf *png_take), void *user);

/* `done` is not called. Accepts NULL, returns NULL. */
struct mail_graph *mail_graph_cancel(struct mail_graph *graph);
