/* line_private - what the files of a line share: line.c (life, queue), line_send.c, line_flight.c
 * (transactions), line_hear.c, line_view.c. Nobody else includes this. */
#pragma once

#include "base/loop.h"
#include "field/frame.h"
#include "field/line.h"
#include "field/line_debt.h"
#include "field/sim_contacts.h"
#include "field/trace.h"

#define LINE_UNITS 256
#define LINE_HEAR_MAX 1024 /* taken in at once */
/* and what framing may have left before */
#define LINE_IN_MAX (LINE_HEAR_MAX + 2 * FRAME_MAX + 8)

/* What must be remembered of a unit between its transactions. */
struct line_unit {
    struct statistics statistics;
    struct statistics_recent recent;
    clock_us ended;      /* its last transaction */
    clock_us rest_until; /* after a write */
    clock_us hold_until; /* a late answer is likely until then; only a repetition may be sent */
    clock_us window;     /* how long the last transaction could take */
    int owed;            /* answers that are waited for meanwhile, */
    enum debt_late owed_what;
    struct line_debt debt; /* those that may still come, however late */
    bool busy;
    bool answered;             /* at `ended` it was, with */
    uint8_t answered_function; /* so a second answer can be told */
    uint64_t identity[2];      /* who it said it is, and before that; 0: nobody yet */
};

/* A transaction under way. */
struct line_flight {
    bool used, echo_seen;
    bool came;                    /* its answer has, though damaged: it is not owed */
    bool write;                   /* what was sent is one; not so when a probe goes before it */
    enum debt_way way;            /* what was sent for the request, */
    uint32_t number;              /* and as which of its unit */
    struct line_request *request; /* NULL: cancelled after it was sent */
    struct line_unit *unit;
    enum line_load load;
    struct frame_expected expected;
    clock_us sent, deadline, write_gap;
};

struct line {
    struct loop *loop;
    char *name;
    struct line_settings settings;
    char endpoint[300], reason[240];
    struct transport *transport;   /* NULL: sim */
    struct sim_contacts *contacts; /* of a sim line whose boards remember; NULL else */
    bool rtu;                      /* framing; else MBAP (or none at all for sim) */

    enum line_state state;
    bool resting;         /* the port is lent to somebody: requests wait */
    const char *rest_why; /* while resting */
    bool wanted;          /* by line_open: stays open while there is nothing to do */
    bool useful;          /* this connection has brought an answer */
    bool sick;            /* sending failed: to be dealt with at the end of the turn */
    int sick_code;
    unsigned tries;           /* since the last answer, for the back-off */
    unsigned spoiled;         /* connections given up since then because of what was said on them */
    clock_us failing_since;   /* CLOCK_NEVER while it works */
    struct loop_timer reopen; /* while open: close when idle, unless wanted */
    void (*changed)(void *user);
    void *changed_user;
    void (*listener)(void *user, const struct line_request *request,
                     const struct driver_answer *answer);
    void *listener_user;

    struct line_queue queue, refused; /* refused: to be ended at the end of the turn */
    struct loop_defer defer;
    struct loop_timer timer; /* of everything below; may fire too early, never too late */

    struct line_unit *units[LINE_UNITS];
    struct line_flight *flights;
    int width, flying;
    uint16_t transaction;
    unsigned barren;       /* time-outs since anything was heard */
    clock_us ended, heard; /* last transaction, last byte */
    clock_us gap;          /* silence before sending */
    clock_us silence;      /* after that long nothing more of a frame will come */
    clock_us blocked;      /* waiting for silence since; CLOCK_NEVER while not */
    bool silence_told, echo;
    size_t in_length;
    uint8_t in[LINE_IN_MAX];

    struct statistics statistics;
    struct statistics_recent recent;
    struct statistics_busy busy;
    struct {
        struct statistics_busy busy;
        int flying;
    } loads[LINE_LOADS];
    struct trace *trace; /* NULL: nobody looks */
};

/* What is remembered of a unit (line_view.c); made at the first call. */
struct line_unit *line_unit_of(struct line *line, uint8_t unit);

/* ---- line_send.c ----------------------------------------------------------------------------- */

/* Send what may be sent now. */
void line_pump(struct line *line);

/* Look again at `at` at the latest. The timer is only ever moved forward in time when it fires:
 * answers come before their deadline, and moving it for each would cost a system call a
 * transaction. */
void line_wake(struct line *line, clock_us at);

/* ---- line_flight.c --------------------------------------------------------------------------- */

void line_heard(struct line *line, const uint8_t *bytes, size_t length);
void line_timer_fired(struct loop_timer *timer, void *user);

/* The transaction has its answer, of which a probe's is thrown away; or it has none: once more, or
 * over. */
void line_answered(struct line *line, struct line_flight *flight, const uint8_t *pdu,
                   size_t length);
void line_attempt_failed(struct line *line, struct line_flight *flight);

/* Count for the line and for the unit (NULL: for the line alone); note why a transaction failed;
 * show a frame to those who look at the wire. */
void line_count(struct line *line, struct line_unit *unit, enum statistics_count what);
void line_note(struct line *line, const struct line_flight *flight, const char *what);
void line_look(struct line *line, enum trace_kind kind, uint8_t unit, const uint8_t *bytes,
               size_t length);

/* Answer the transaction of a line without a transport. */
void line_simulate(struct line *line);

/* Forget all transactions. Their requests go back to the queue if they may be sent once more
 * (`again`), else they end. Call after the state has changed. */
void line_flights_drop(struct line *line, bool again);

/* What is under way on the old line may be answered on this one. */
void line_flights_adopt(struct line *line, const struct line *old);

/* ---- line_hear.c ----------------------------------------------------------------------------- */

/* Take from line->in what is whole. `quiet`: nothing more will come soon. */
void line_hear_rtu(struct line *line, bool quiet);
void line_hear_tcp(struct line *line);

/* ---- line.c ---------------------------------------------------------------------------------- */

/* End a request that is in no list any more. */
void line_request_end(struct line *line, struct line_request *request, enum driver_result result,
                      const uint8_t *bytes, size_t length);

/* End it without an answer at the end of the turn. */
void line_request_refuse(struct line *line, struct line_request *request);

/* Nothing is under way: close after a while, unless the line is wanted. */
void line_idle(struct line *line);

/* Nothing is under way and the line is to rest: close the port; at once, or at the end of the turn.
 */
void line_rest_begin(struct line *line);
void line_settle(struct line *line);

/* The first answer on this connection has come. */
void line_works(struct line *line);

/* The connection is of no use any more: open another. */
void line_broke(struct line *line, const char *reason);

/* One unit's answer has spoiled the stream of bytes: the others are asked at once on a new
 * connection. Only when nothing else comes the line has failed. */
void line_spoiled(struct line *line, const char *reason);

/* Sending failed inside a call of a user: deal with it at the end of the turn. */
void line_sicken(struct line *line, int code);
