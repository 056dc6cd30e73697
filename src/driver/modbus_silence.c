/* Reads that get no answer.
 *
 * A dead unit answers nothing; a unit that merely keeps silent about a register answers the rest.
 * So a read without an answer becomes a suspect: it is asked last and once in a round, and only
 * when something else was answered in the same round does its silence count. After three such times
 * it is split; the parts are suspects of their own until the silence is pinned to single cells. */

#include "driver/modbus_poll_private.h"

#define STRIKES 3

/* A suspect's time-outs take at most this part of the line's time. */
#define PACE 10

#define RETRY_EVERY (600 * CLOCK_S)

void modbus_silence_clear(struct modbus_cell *cell)
{
    cell->suspect = cell->strikes = 0;
}

void modbus_silence_reset(struct modbus_poll *poll)
{
    for (size_t i = 0; i < poll->cell_count; i++) {
        poll->cells[i].silent = false;
        modbus_silence_clear(&poll->cells[i]);
    }
    if (poll->alive)
        poll->quiet = 0;
    else if (poll->tried)
        poll->quiet++;
    poll->alive = poll->tried = poll->probing = poll->probed = poll->witnessed = false;
    poll->suspects_from = 0;
    poll->retry_at = CLOCK_NEVER;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool is_lacking(const struct modbus_poll *poll, const struct modbus_reading *reading)
{
    for (size_t k = 0; k < reading->cell_count; k++) {
        if (poll->cells[poll->reading_cells[reading->first_cell + k]].refused)
            return true;
    }
    return false;
}

/* Cells that were given up are suspects again, which one more time-out condemns; reads that were
 * split are joined. */
void modbus_silence_round(struct modbus_poll *poll)
{
    bool suspects = false;
    for (size_t i = 0; poll->witnessed && i < poll->cell_count; i++)
        suspects |= poll->cells[i].suspect && !poll->cells[i].refused;
    poll->witnessed &= suspects;
    if (poll->now < poll->retry_at)
        return;
    poll->retry_at = CLOCK_NEVER;
    for (size_t i = 0; i < poll->cell_count; i++) {
        struct modbus_cell *cell = &poll->cells[i];
        if (cell->cut == CUT_PROVEN && cell->cut_for_silence)
            cell->cut = CUT_NONE;
        if (!cell->silent)
            continue;
        cell->silent = cell->refused = false;
        cell->suspect = ++poll->last_suspect;
        cell->strikes = STRIKES - 1;
    }
    for (size_t i = 0; i < poll->reading_count; i++) {
        struct modbus_reading *reading = &poll->readings[i];
        if (reading->refused && !is_lacking(poll, reading))
            reading->refused = reading->done = false;
    }
}

static bool is_read_each_round(const struct modbus_poll *poll, const struct modbus_cell *cell)
{
    for (size_t k = 0; k < cell->user_count; k++) {
        const struct modbus_reading *reading =
            &poll->readings[poll->cell_users[cell->first_user + k]];
        if (reading->profile->every != PROFILE_ONCE && reading->profile->every != PROFILE_SLOW)
            return true;
    }
    return false;
}

/* A unit of which all registers are read at once, and that keeps silent about one of them, looks
 * dead. So a silent unit is tried with another single cell each time, at the usual price of one
 * time-out; multiples of the golden ratio soon reach every part of the map. The cell that was
 * answered goes on to be read alone, as the witness against the rest: joined with its neighbours it
 * might be silenced by what lies between them, and nothing would count any more. One that is
 * refused is no witness, though the unit is alive for a moment: the next turn goes on with other
 * cells. */
bool modbus_silence_probe(const struct modbus_poll *poll, size_t *cell)
{
    if (poll->alive || poll->probed || !poll->quiet || poll->cell_count < 2)
        return false;
    double turn = poll->probes * 0.6180339887498949;
    size_t start = (size_t)((turn - (unsigned)turn) * (double)poll->cell_count);
    for (size_t i = 0; i < poll->cell_count; i++) {
        size_t at = (start + i) % poll->cell_count;
        if (poll->cells[at].due && is_read_each_round(poll, &poll->cells[at])) {
            *cell = at;
            return true;
        }
    }
    return false;
}

/* The one that has waited longest. When nothing else was to be asked in this round they are not
 * spared: a round without a question would pass for a good one. */
bool modbus_silence_next(const struct modbus_poll *poll, size_t *first)
{
    const struct modbus_cell *best = NULL;
    if (poll->unanswered || (poll->answered && poll->now < poll->suspects_from))
        return false;
    for (size_t i = 0; i < poll->cell_count; i++) {
        const struct modbus_cell *cell = &poll->cells[i];
        if (!cell->due || cell->refused || !cell->suspect ||
            (best && cell->suspect >= best->suspect))
            continue;
        best = cell;
        *first = i;
    }
    return best;
}

/* ---- no answer ------------------------------------------------------------------------------- */

static void learn(struct modbus_poll *poll, clock_us now)
{
    if (poll->retry_at == CLOCK_NEVER)
        poll->retry_at = now + RETRY_EVERY;
}

/* The due cells of the last read from `first` on become one suspect. */
static void suspect(struct modbus_poll *poll, size_t first, size_t last, unsigned strikes)
{
    poll->last_suspect++;
    for (size_t i = first; i < last; i++) {
        struct modbus_cell *cell = &poll->cells[i];
        if (!cell->due || cell->refused)
            continue;
        cell->suspect = poll->last_suspect;
        cell->strikes = strikes;
    }
}

/* One more silence splits a part again; but a single cell is given up only after as many as a whole
 * read. */
static void suspect_part(struct modbus_poll *poll, size_t first, size_t last)
{
    size_t count = 0;
    for (size_t i = first; i < last; i++)
        count += poll->cells[i].due && !poll->cells[i].refused;
    suspect(poll, first, last, count > 1 ? STRIKES - 1 : 0);
}

/* The read was silent often enough: halve it, or give its only cell up. */
static void condemn(struct modbus_poll *poll, clock_us now)
{
    size_t split = modbus_poll_split_place(poll);
    learn(poll, now);
    if (!split) {
        struct modbus_cell *cell = &poll->cells[poll->out_first];
        modbus_silence_clear(cell);
        cell->silent = true;
        modbus_poll_refuse(poll, cell, REASON_UNANSWERED);
        return;
    }
    struct modbus_cell *cell = &poll->cells[split];
    cell->cut = CUT_TRIED;
    cell->cut_for_silence = true;
    cell->cut_first = poll->out_first;
    cell->cut_last = poll->out_last;
    suspect_part(poll, poll->out_first, split);
    suspect_part(poll, split, poll->out_last);
}

bool modbus_poll_unanswered(struct modbus_poll *poll, const struct driver_answer *answer,
                            clock_us waited)
{
    poll->failed = poll->unanswered = true;
    if (poll->probing || poll->out_first == poll->out_last)
        return false;
    const struct modbus_cell *first = &poll->cells[poll->out_first];
    bool doubted = first->suspect, counts = poll->answered;
    unsigned strikes = first->strikes + counts;
    if (counts && strikes >= STRIKES)
        condemn(poll, answer->mono);
    else
        suspect(poll, poll->out_first, poll->out_last, strikes);
    poll->suspects_from = answer->mono + PACE * waited;
    poll->out_last = poll->out_first;
    return counts && doubted;
}
