/* line_debt - answers that one unit of a serial line was not waited for and may still say.
 *
 * RTU frames carry no number: an answer that comes late, however late, looks like the answer to any
 * question of the same function and length. So before such a question the unit is asked a probe, a
 * read whose answer looks like none that is owed and is thrown away. A unit answers in order: when
 * the probe is answered all that is older has come or never will. Any other answer that can only be
 * its own question's settles what is older as well. A refusal, which has no length, is believed
 * only when nothing of its function is owed; else the question waits for a probe, too.
 *
 * Owned by the line's unit. Pure, nothing is allocated; loop thread only.
 */
#pragma once

#include "field/frame.h"

#define DEBT_QUESTIONS 8 /* remembered; beyond them only probes and writes are sent */
#define DEBT_WRITES 4    /* functions that write: one place more for each */
#define DEBT_PROBES 8
#define DEBT_KEY 8 /* so much of a question tells it from others */
#define DEBT_PROBE_LENGTH 5

/* A question that was given up at least once. */
struct debt_entry {
    uint8_t function;
    uint8_t pdu[DEBT_KEY];
    size_t length; /* of the question's PDU */
    size_t answer; /* of the normal answer's PDU; 0: unknown */
    bool probe;
    bool harmless;        /* a probe whose late answer is known by its length */
    uint32_t first, last; /* when it was sent, as numbers of line_debt_send() */
};

struct line_debt {
    struct debt_entry entries[DEBT_QUESTIONS + DEBT_WRITES + DEBT_PROBES];
    size_t count;
    uint32_t sent;
    unsigned form;  /* which probe this unit answers, as far as is known */
    unsigned tried; /* forms that it does not */
    unsigned mute;  /* probes unanswered in a row */
    bool refused;   /* something was refused, and it is not clear what */
};

/* What may be sent when somebody wants to ask. */
enum debt_way {
    DEBT_ASK,   /* the question itself: no late answer can be taken for its own */
    DEBT_PROBE, /* the probe */
    DEBT_DOUBT, /* the question itself, as a sign of life: the probes were not answered. Only
                   line_debt_is_clear() tells whether its answer is one. */
};

enum debt_way line_debt_way(const struct line_debt *debt, const uint8_t *pdu, size_t length,
                            bool write);

/* What to send before this question, as a probe or, when those are not answered and no more
 * questions can be remembered, as a sign of life: a read; it takes DEBT_PROBE_LENGTH bytes. */
void line_debt_probe(const struct line_debt *debt, const uint8_t *pdu, size_t length,
                     uint8_t *probe);

/* Something is sent to the unit: its number. */
uint32_t line_debt_send(struct line_debt *debt);

/* Question `number` was given up; its answer may still come. */
void line_debt_owe(struct line_debt *debt, const struct frame_expected *expected, bool probe,
                   uint32_t number);

/* Whether this answer to the question can be no other's that is owed. */
bool line_debt_is_clear(const struct line_debt *debt, const struct frame_expected *expected,
                        const uint8_t *answer, size_t length);

/* Question `number` was answered, and the answer was its own: all that is older is settled. */
void line_debt_answered(struct line_debt *debt, const struct frame_expected *expected,
                        uint32_t number, bool refused);

/* What was sent this way was answered, but the answer may be that to something older. A unit that
 * answered no probe so gets another kind of probe next; false when there is none left: then all is
 * forgotten, and only time helps. */
bool line_debt_unclear(struct line_debt *debt, enum debt_way way);

/* A frame that nobody waited for: what of that is owed it is. What is older is settled then. */
enum debt_late { DEBT_STRANGE, DEBT_QUESTION, DEBT_PROBED };
enum debt_late line_debt_late(struct line_debt *debt, const uint8_t *answer, size_t length);
