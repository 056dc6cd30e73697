/* line - one bus, gateway or port: its transport, its queue, and the transactions under way.
 *
 * The only way to a device. Whoever wants something embeds a struct line_request and submits it;
 * the line sends it when its class, its unit's pauses and the medium allow, accepts only an answer
 * that fits, repeats unanswered reads, and calls back once. It reopens by itself what broke. After
 * a time-out on a serial line it sends the unit a probe before another question for which a late
 * answer could be mistaken (line_debt.h).
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

/* Before it is opened: who keeps the counts of pulses of a gpio line (borrowed, may be NULL). */
struct pulse_counts;
void line_keep_pulses(struct line *line, struct pulse_counts *counts);
/* Ends all requests (LINE_DOWN), closes. Accepts NULL, returns NULL. */
struct line *line_free(struct line *line);

/* Open now, and again whenever it breaks; or close, which ends all requests. Submitting to a
 * closed line opens it for as long as there is something to do. */
void line_open(struct line *line);
void line_close(struct line *line);

/* `changed` is called after the line became open or failing. One watcher per line. */
void line_watch(struct line *line, void (*changed)(void *user), void *user);

/* `heard` is called with every answer before its request is done, whoever asked, and with the end
 * of every write, answered or not. One listener per line; must not submit or cancel anything. */
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

/* What happened on the line, or to a unit, lately; 0 for a unit that was never asked. */
uint64_t line_recent(const struct line *line, enum statistics_count what);
uint64_t line_unit_recent(const struct line *line, uint8_t unit, enum statistics_count what);

/* Share of the time for which something of this kind was under way. */
enum line_load { LINE_LOAD_CONTROL, LINE_LOAD_POLL, LINE_LOAD_GATEWAY, LINE_LOADS };
double line_load_percent(const struct line *line, enum line_load load);

/* What the port has noticed since it was opened; false when it counts nothing. */
bool line_faults(const struct line *line, struct transport_faults *faults);

/* Who the unit says it is, as a number made of it: when it becomes again what it was before, two
 * devices answer under one address. */
void line_unit_identity(struct line *line, uint8_t unit, uint64_t identity);

/* ---- a look at the wire ---------------------------------------------------------------------- */

/* Begin to record all frames into `size` bytes, or end and forget. The record may be read until
 * then; NULL while there is none. A line that replaces this one takes it over. */
struct trace;
struct trace *line_trace_start(struct line *line, size_t size);
void line_trace_end(struct line *line);
struct trace *line_trace(const struct line *line);

/* Let the port go so that somebody else may use it, while requests wait; and take it back. What is
 * under way ends first: only then line_resting() says so. `why` is shown as the reason; a constant.
 * Ends by itself when the line is closed. */
void line_rest(struct line *line, const char *why);
void line_resume(struct line *line);
bool line_resting(const struct line *line);

/* Whether somebody waits to switch something. */
bool line_is_urgent(const struct line *line);

/* Take over the counters of the line that this one replaces. */
void line_adopt_statistics(struct line *line, struct line *old);
