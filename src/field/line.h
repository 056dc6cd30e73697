/* line - one bus, gateway or port: its transport, its queue, and the transactions under way.
 *
 * The only way to a device. Whoever wants something embeds a struct line_request and submits it;
 * the line sends it when its class, its unit's pauses and the medium allow, accepts only an answer
 * that fits, repeats unanswered reads, and calls back once. It reopens by itself what broke. After
 * a time-out on a serial line no other request goes to that unit until a late answer can no longer
 * be mistaken for the next one's.
 *
 * Requests belong to their users and must be done or cancelled before their memory goes. A line
 * must not be freed from inside `done`. Loop thread only; nothing is allocated per request.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "field/driver.h"
#include "field/line_queue.h"
#include "field/line_settings.h"
#include "field/statistics.h"
#include "field/transport.h"

struct line;

enum line_state {
    LINE_STATE_CLOSED,  /* not wanted, or not tried yet */
    LINE_STATE_OPENING, /* the queue waits for it */
    LINE_STATE_OPEN,
    LINE_STATE_FAILING, /* could not be opened or broke; tried again with back-off; requests end
                           LINE_DOWN */
};

struct line_request {
    /* Set by the user, left alone while it is under way. */
    uint8_t unit;
    enum line_class urgency;
    uint32_t client;    /* who asks, for fairness within the class */
    const uint8_t *pdu; /* function and data; borrowed until done */
    size_t length;
    bool write;         /* never repeated */
    int retries;        /* repetitions of an unanswered read; -1: the line's setting */
    clock_us timeout;   /* 0: the line's */
    clock_us pause;     /* rest of this unit before the request */
    clock_us write_gap; /* rest of this unit after a write */
    /* Called once unless cancelled, never from inside line_submit. The answer's bytes live until
     * it returns; the request may be submitted again at once. */
    void (*done)(struct line_request *request, const struct driver_answer *answer);
    void *user;

    /* The line's. */
    struct line *line; /* NULL: not under way */
    struct line_request *next_client, *next_same, *last_same;
    bool queued, refused, resent;
    int attempts;
    clock_us queued_at, first_sent, first_sent_wall;
};

/* A closed line. Settings are copied. `transport` is taken over; NULL makes the one that the
 * settings name. */
struct line *line_new(struct loop *loop, const char *name, const struct line_settings *settings,
                      struct transport *transport);
/* Ends all requests (LINE_DOWN), closes. Accepts NULL, returns NULL. */
struct line *line_free(struct line *line);

/* Open now, and again whenever it breaks; or close, which ends all requests. Submitting to a
 * closed line opens it for as long as there is something to do. */
void line_open(struct line *line);
void line_close(struct line *line);

/* `changed` is called after the line became open or failing. One watcher per line. */
void line_watch(struct line *line, void (*changed)(void *user), void *user);

/* `heard` is called with every answer before its request is done, whoever asked. One listener per
 * line; must not submit or cancel anything. */
void line_listen(struct line *line,
                 void (*heard)(void *user, const struct line_request *request,
                               const struct driver_answer *answer),
                 void *user);

void line_submit(struct line *line, struct line_request *request);

/* `done` will not be called; a request that was not sent never goes out. Fine when it is not
 * under way. */
void line_cancel(struct line_request *request);

/* ---- what is known about it ------------------------------------------------------------------ */

struct loop *line_loop(const struct line *line);
const char *line_name(const struct line *line);
const struct line_settings *line_settings_of(const struct line *line);
const char *line_endpoint(const struct line *line);
enum line_state line_state(const struct line *line);
const char *line_state_name(enum line_state state); /* "open", "closed", "failing" */
const char *line_reason(const struct line *line);   /* a sentence while not open */
size_t line_waiting(const struct line *line);
double line_busy_percent(const struct line *line);
const struct statistics *line_statistics(const struct line *line);

/* Of one unit, made at the first call; owned by the line. The users that know more (rounds) add
 * to them. */
struct statistics *line_unit_statistics(struct line *line, uint8_t unit);

/* Take over the counters of the line that this one replaces. */
void line_adopt_statistics(struct line *line, struct line *old);
