#include "face/mail_graph.h"

#include <stdlib.h>

#include "engine/history.h"
#include "face/mail_picture.h"

/* 180 buckets. */
#define SPAN (6 * 3600 * CLOCK_S)
#define STEP (120 * CLOCK_S)
/* A disk that is slower than this gets no picture into an alarm. */
#define PATIENCE (3 * CLOCK_S)

/* What the question owns: it is drawn on a thread of the pool, whatever becomes of the letter. */
struct drawing {
    struct mail_picture picture;
    struct buf png;
};

struct mail_graph {
    struct loop *loop;
    struct history_ask *ask;
    struct loop_timer patience;
    struct drawing *drawing; /* the question's */
    void (*done)(void *user, struct buf *png_take);
    void *user;
};

/* On a thread of the pool. Without memory there is no picture. */
static void draw(void *own, const struct history_answer *answer)
{
    struct drawing *drawing = own;
    drawing->picture.buckets = answer->series[0].buckets;
    drawing->picture.count = answer->series[0].count;
    if (mail_picture_draw(&drawing->picture, &drawing->png) < 0)
        buf_deinit(&drawing->png);
}

static void drop(void *own)
{
    struct drawing *drawing = own;
    buf_deinit(&drawing->png);
    free(drawing);
}

struct mail_graph *mail_graph_cancel(struct mail_graph *graph)
{
    if (!graph)
        return NULL;
    loop_timer_stop(&graph->patience);
    if (graph->ask)
        history_ask_cancel(graph->ask);
    free(graph);
    return NULL;
}

static void end(struct mail_graph *graph, struct buf *png_take)
{
    void (*done)(void *user, struct buf *png_take) = graph->done;
    void *user = graph->user;
    mail_graph_cancel(graph);
    done(user, png_take);
}

static void on_past(void *user, const struct history_answer *answer, const struct err *err)
{
    struct mail_graph *graph = user;
    struct buf png = graph->drawing->png;
    (void)answer;
    (void)err;
    graph->ask = NULL;
    graph->drawing->png = BUF_EMPTY;
    end(graph, png.length ? &png : NULL);
}

static void on_impatient(struct loop_timer *timer, void *user)
{
    (void)timer;
    end(user, NULL);
}

struct mail_graph *mail_graph_start(struct loop *loop, struct history *history,
                                    const struct mail_graph_wish *wish,
                                    void (*done)(void *user, struct buf *png_take), void *user)
{
    struct mail_graph *graph = calloc(1, sizeof *graph);
    struct drawing *drawing = calloc(1, sizeof *drawing);
    struct err err = ERR_EMPTY;
    if (graph && drawing) {
        drawing->picture = (struct mail_picture){.from = wish->to - SPAN,
                                                 .to = wish->to,
                                                 .step = STEP,
                                                 .limit = wish->limit,
                                                 .decimals = wish->decimals};
        *graph = (struct mail_graph){.loop = loop, .drawing = drawing, .done = done, .user = user};
        graph->ask = history_ask(history,
                                 &(struct history_question){.paths = &wish->path,
                                                            .path_count = 1,
                                                            .from = wish->to - SPAN,
                                                            .to = wish->to,
                                                            .step = STEP,
                                                            .digest = draw,
                                                            .drop = drop,
                                                            .own = drawing},
                                 on_past, graph, &err);
    }
    if (graph && graph->ask) {
        loop_timer_at(loop, &graph->patience, loop_now(loop) + PATIENCE, on_impatient, graph);
        return graph;
    }
    free(drawing);
    free(graph);
    return NULL;
}
