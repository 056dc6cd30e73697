#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "driver/modbus_point.h"
#include "driver/modbus_poll_private.h"
#include "wire/modbus_pdu.h"

enum { SLOW_ROUNDS = 10 }; /* docs/profiles.md: "slow every tenth" */

#define READ_BACK (1u << 31) /* in a tag: not of a round; the rest is the number of the cell */

/* Coils and discrete inputs have limits of their own, and no registers. */
static bool is_bit(enum profile_bank bank)
{
    return bank == PROFILE_COIL || bank == PROFILE_DISCRETE;
}

/* ---- making ---------------------------------------------------------------------------------- */

struct modbus_poll *modbus_poll_new(const struct profile_limits *limits)
{
    struct modbus_poll *poll = mem_new(sizeof *poll);
    poll->limits = *limits;
    return poll;
}

struct modbus_poll *modbus_poll_free(struct modbus_poll *poll)
{
    if (poll) {
        free(poll->readings);
        free(poll->cells);
        free(poll->reading_cells);
        free(poll->reading_bytes);
        free(poll->cell_users);
        free(poll->image);
        free(poll);
    }
    return NULL;
}

void modbus_poll_add(struct modbus_poll *poll, const struct profile_point *profile,
                     struct point *point)
{
    assert(!poll->cells);
    poll->readings = mem_grow(poll->readings, poll->reading_count, &poll->reading_capacity,
                              sizeof *poll->readings);
    poll->readings[poll->reading_count++] =
        (struct modbus_reading){.profile = profile, .point = point};
}

/* The places of a reading: its own, then its helpers'. */
static const struct profile_register *register_at(const struct modbus_reading *reading,
                                                  size_t index)
{
    return index == 0 ? &reading->profile->at : modbus_point_helper(reading->profile, index - 1);
}

static int by_address(const void *a, const void *b)
{
    const struct modbus_cell *x = a, *y = b;
    if (x->bank != y->bank)
        return x->bank < y->bank ? -1 : 1;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->count == y->count ? 0 : x->count < y->count ? -1 : 1;
}

/* One cell for each place that any reading needs, sorted, without doubles. */
static void collect_cells(struct modbus_poll *poll)
{
    size_t total = 0;
    for (size_t i = 0; i < poll->reading_count; i++)
        total += 1 + modbus_point_helper_count(poll->readings[i].profile);
    poll->cells = mem_new((total + 1) * sizeof *poll->cells);
    poll->reading_cells = mem_new((total + 1) * sizeof *poll->reading_cells);
    poll->reading_bytes = mem_new((total + 1) * sizeof *poll->reading_bytes);
    poll->cell_users = mem_new((total + 1) * sizeof *poll->cell_users);
    size_t used = 0;
    for (size_t i = 0; i < poll->reading_count; i++) {
        struct modbus_reading *reading = &poll->readings[i];
        reading->first_cell = used;
        reading->cell_count = 1 + modbus_point_helper_count(reading->profile);
        for (size_t k = 0; k < reading->cell_count; k++) {
            const struct profile_register *at = register_at(reading, k);
            poll->cells[used++] =
                (struct modbus_cell){.bank = at->bank, .address = at->address, .count = at->count};
        }
    }
    qsort(poll->cells, total, sizeof *poll->cells, by_address);
    for (size_t i = 0; i < total; i++) {
        if (poll->cell_count == 0 ||
            by_address(&poll->cells[poll->cell_count - 1], &poll->cells[i]) != 0)
            poll->cells[poll->cell_count++] = poll->cells[i];
    }
}

/* Where each reading finds its bytes; how many readings each cell serves. */
static void connect_readings(struct modbus_poll *poll)
{
    for (size_t i = 0; i < poll->reading_count; i++) {
        struct modbus_reading *reading = &poll->readings[i];
        for (size_t k = 0; k < reading->cell_count; k++) {
            const struct profile_register *at = register_at(reading, k);
            struct modbus_cell key = {.bank = at->bank, .address = at->address, .count = at->count};
            struct modbus_cell *cell =
                bsearch(&key, poll->cells, poll->cell_count, sizeof *poll->cells, by_address);
            assert(cell);
            poll->reading_cells[reading->first_cell + k] = (size_t)(cell - poll->cells);
            poll->reading_bytes[reading->first_cell + k] = cell->bytes;
            cell->user_count++;
        }
    }
}

/* Between which cells a read may end without parting a number from its scale factor. */
static void find_reaches(struct modbus_poll *poll)
{
    for (size_t i = 0; i < poll->cell_count; i++)
        poll->cells[i].reach = i;
    for (size_t i = 0; i < poll->reading_count; i++) {
        const struct modbus_reading *reading = &poll->readings[i];
        const size_t *own = &poll->reading_cells[reading->first_cell];
        size_t low = own[0], high = own[0];
        for (size_t k = 1; k < reading->cell_count; k++) {
            low = own[k] < low ? own[k] : low;
            high = own[k] > high ? own[k] : high;
        }
        if (high > poll->cells[low].reach)
            poll->cells[low].reach = high;
    }
    for (size_t i = 1; i < poll->cell_count; i++) {
        if (poll->cells[i - 1].reach > poll->cells[i].reach)
            poll->cells[i].reach = poll->cells[i - 1].reach;
    }
}

void modbus_poll_seal(struct modbus_poll *poll)
{
    collect_cells(poll);
    size_t bytes = 0;
    for (size_t i = 0; i < poll->cell_count; i++)
        bytes += 2 * poll->cells[i].count;
    poll->image = mem_new(bytes + 1);
    bytes = 0;
    for (size_t i = 0; i < poll->cell_count; i++) {
        poll->cells[i].bytes = poll->image + bytes;
        bytes += 2 * poll->cells[i].count;
    }
    connect_readings(poll);
    find_reaches(poll);
    size_t used = 0;
    for (size_t i = 0; i < poll->cell_count; i++) {
        poll->cells[i].first_user = used;
        used += poll->cells[i].user_count;
        poll->cells[i].user_count = 0;
    }
    for (size_t i = 0; i < poll->reading_count; i++) {
        const struct modbus_reading *reading = &poll->readings[i];
        for (size_t k = 0; k < reading->cell_count; k++) {
            struct modbus_cell *cell = &poll->cells[poll->reading_cells[reading->first_cell + k]];
            poll->cell_users[cell->first_user + cell->user_count++] = i;
        }
    }
}

void modbus_poll_reset(struct modbus_poll *poll)
{
    for (size_t i = 0; i < poll->cell_count; i++) {
        poll->cells[i].refused = false;
        poll->cells[i].cut = CUT_NONE;
    }
    for (size_t i = 0; i < poll->reading_count; i++) {
        poll->readings[i].refused = false;
        poll->readings[i].done = false;
    }
    modbus_silence_reset(poll);
    poll->next = poll->cell_count;
}

/* ---- a round --------------------------------------------------------------------------------- */

/* What was missed so far is due again, however seldom it is asked for. */
static bool is_due(const struct modbus_reading *reading, unsigned round)
{
    if (reading->refused)
        return false;
    switch (reading->profile->every) {
    case PROFILE_ONCE:
        return !reading->done;
    case PROFILE_SLOW:
        return round % SLOW_ROUNDS == 0 || !reading->done;
    default:
        return true;
    }
}

void modbus_poll_round(struct modbus_poll *poll, unsigned round)
{
    modbus_silence_round(poll);
    for (size_t i = 0; i < poll->cell_count; i++)
        poll->cells[i].due = false;
    for (size_t i = 0; i < poll->reading_count; i++) {
        struct modbus_reading *reading = &poll->readings[i];
        reading->missing = is_due(reading, round) ? reading->cell_count : 0;
        for (size_t k = 0; k < reading->missing; k++)
            poll->cells[poll->reading_cells[reading->first_cell + k]].due = true;
    }
    poll->next = 0;
    poll->failed = poll->answered = poll->unanswered = false;
    poll->out_first = poll->out_last = 0;
}

void modbus_poll_request(struct driver_request *request, enum profile_bank bank, uint16_t address,
                         uint16_t count)
{
    *request = (struct driver_request){0};
    struct modbus_pdu_request read = {
        .function = profile_bank_function(bank), .address = address, .count = count};
    int length = modbus_pdu_request_build(&read, request->bytes, sizeof request->bytes);
    assert(length > 0);
    request->length = (size_t)length;
}

static bool is_witness(const struct modbus_poll *poll, size_t cell)
{
    return poll->witnessed && poll->witness == cell;
}

/* The read that begins with cell `first`: the cells up to `*last` (without it), the registers up to
 * the result. One that would be too long ends where no number is parted from its scale factor, if
 * there is such a place: devices change both together. */
static unsigned extend_read(const struct modbus_poll *poll, size_t first, size_t *last)
{
    const struct modbus_cell *cells = poll->cells;
    unsigned start = cells[first].address, end = start + cells[first].count;
    bool bit = is_bit(cells[first].bank);
    unsigned most = bit ? poll->limits.bits : poll->limits.registers;
    unsigned gap = bit ? 16 * poll->limits.gap : poll->limits.gap;
    size_t whole = 0; /* the last such place: cells up to it, */
    unsigned whole_end = 0;
    *last = first + 1;
    for (size_t i = first + 1; i < poll->cell_count && cells[i].bank == cells[first].bank; i++) {
        if (cells[i].refused || cells[i].cut != CUT_NONE ||
            cells[i].suspect != cells[first].suspect || is_witness(poll, i) ||
            is_witness(poll, first))
            break;
        if (!cells[i].due)
            continue;
        if (cells[i - 1].reach < i) {
            whole = *last;
            whole_end = end;
        }
        unsigned here = cells[i].address + cells[i].count;
        if (cells[i].address > end + gap)
            break;
        if ((here > end ? here : end) - start > most) {
            if (!whole)
                break;
            *last = whole;
            return whole_end;
        }
        end = here > end ? here : end;
        *last = i + 1;
    }
    return end;
}

/* Whether the parts of a split read are all known, and if so whether one of them cannot be read. */
static bool is_settled(const struct modbus_poll *poll, const struct modbus_cell *cut, bool *lacking)
{
    *lacking = false;
    for (size_t k = cut->cut_first; k < cut->cut_last; k++) {
        if (poll->cells[k].suspect)
            return false;
        *lacking |= poll->cells[k].refused;
    }
    return true;
}

/* The round is over. Reads that were split because of a register which the device lacks may be
 * joined again around it; where every part could be read alone, the gap or the length was the
 * reason, and they stay apart. */
static void settle_cuts(struct modbus_poll *poll)
{
    for (size_t i = 0; i < poll->cell_count; i++) {
        struct modbus_cell *cell = &poll->cells[i];
        bool lacking;
        if (cell->cut == CUT_TRIED && is_settled(poll, cell, &lacking))
            cell->cut = lacking ? CUT_NONE : CUT_PROVEN;
    }
}

/* What is asked next: first what has been answered so far, then one by one what has not. */
static bool find_read(struct modbus_poll *poll, size_t *first)
{
    const struct modbus_cell *cells = poll->cells;
    if (modbus_silence_probe(poll, first)) {
        poll->probing = poll->probed = true;
        poll->probes++;
        return true;
    }
    while (poll->next < poll->cell_count &&
           (!cells[poll->next].due || cells[poll->next].refused || cells[poll->next].suspect))
        poll->next++;
    *first = poll->next;
    return *first < poll->cell_count || modbus_silence_next(poll, first);
}

bool modbus_poll_plan(struct modbus_poll *poll, struct driver_request *request)
{
    size_t at;
    poll->probing = false;
    if (!find_read(poll, &at)) {
        if (!poll->failed)
            settle_cuts(poll);
        return false;
    }
    const struct modbus_cell *first = &poll->cells[at];
    unsigned end = first->address + first->count;
    poll->out_first = at;
    poll->out_last = at + 1;
    if (!poll->probing)
        end = extend_read(poll, at, &poll->out_last);
    if (!poll->probing && !first->suspect)
        poll->next = poll->out_last;
    modbus_poll_request(request, first->bank, (uint16_t)first->address,
                        (uint16_t)(end - first->address));
    request->tag = ++poll->tag & ~READ_BACK;
    request->once = poll->probing || first->suspect;
    poll->tried = true;
    return true;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The time is that of the reading's own register, also when a scale came later. */
static void publish(struct modbus_poll *poll, struct modbus_reading *reading)
{
    const struct modbus_cell *own = &poll->cells[poll->reading_cells[reading->first_cell]];
    const uint8_t *const *bytes = &poll->reading_bytes[reading->first_cell];
    reading->done = true;
    modbus_point_publish(reading->profile, reading->point, bytes[0], bytes + 1, own->mono,
                         own->wall);
}

/* A bit becomes a register of 0 or 1, so that decoding knows registers only. */
static void take_cell(struct modbus_cell *cell, const uint8_t *data, unsigned start)
{
    if (is_bit(cell->bank)) {
        cell->bytes[0] = 0;
        cell->bytes[1] = modbus_pdu_bit(data, cell->address - start);
    } else {
        memcpy(cell->bytes, data + 2 * (size_t)(cell->address - start), 2 * cell->count);
    }
}

/* A reading that waits for nothing more is published at once: the round may never end. */
static void take_answer(struct modbus_poll *poll, const uint8_t *data,
                        const struct driver_answer *answer)
{
    if (poll->probing) {
        poll->witnessed = true;
        poll->witness = poll->out_first;
    }
    unsigned start = poll->cells[poll->out_first].address;
    for (size_t i = poll->out_first; i < poll->out_last; i++) {
        struct modbus_cell *cell = &poll->cells[i];
        if (!cell->due || cell->refused)
            continue;
        take_cell(cell, data, start);
        cell->due = false;
        modbus_silence_clear(cell);
        cell->mono = answer->mono;
        cell->wall = answer->wall;
        for (size_t k = 0; k < cell->user_count; k++) {
            struct modbus_reading *reading =
                &poll->readings[poll->cell_users[cell->first_user + k]];
            if (reading->missing && --reading->missing == 0)
                publish(poll, reading);
        }
    }
}

void modbus_poll_refuse(struct modbus_poll *poll, struct modbus_cell *cell,
                        enum value_reason reason)
{
    cell->refused = true;
    for (size_t k = 0; k < cell->user_count; k++) {
        struct modbus_reading *reading = &poll->readings[poll->cell_users[cell->first_user + k]];
        if (reading->refused)
            continue;
        reading->refused = true;
        reading->missing = 0;
        point_mark(reading->point, QUALITY_ABSENT, reason);
    }
}

size_t modbus_poll_split_place(const struct modbus_poll *poll)
{
    size_t best = 0, middle = (poll->out_first + poll->out_last) / 2, best_away = 0;
    unsigned end = poll->cells[poll->out_first].address + poll->cells[poll->out_first].count,
             best_gap = 0;
    for (size_t i = poll->out_first + 1; i < poll->out_last; i++) {
        const struct modbus_cell *cell = &poll->cells[i];
        if (!cell->due || cell->refused)
            continue;
        unsigned gap = cell->address > end ? cell->address - end : 0;
        size_t away = i > middle ? i - middle : middle - i;
        if (!best || gap > best_gap || (gap == best_gap && away < best_away)) {
            best = i;
            best_gap = gap;
            best_away = away;
        }
        if (cell->address + cell->count > end)
            end = cell->address + cell->count;
    }
    return best;
}

/* Exceptions 2 and 3 mean the place or the length of a read; ask again for less, or learn. From a
 * probe nothing is learnt but that the unit lives: some refuse parts of what they give as a whole.
 */
static void take_refusal(struct modbus_poll *poll)
{
    if (poll->probing)
        return;
    for (size_t i = poll->out_first; i < poll->out_last; i++)
        modbus_silence_clear(&poll->cells[i]);
    size_t split = modbus_poll_split_place(poll);
    if (!split) {
        modbus_poll_refuse(poll, &poll->cells[poll->out_first], REASON_REFUSED);
        return;
    }
    struct modbus_cell *cell = &poll->cells[split];
    cell->cut = CUT_TRIED;
    cell->cut_for_silence = false;
    cell->cut_first = poll->out_first;
    cell->cut_last = poll->out_last;
    poll->next = poll->out_first;
}

/* Nothing is learnt; a suspect is not asked for again in this round. */
static int take_failure(struct modbus_poll *poll, int result)
{
    poll->failed = true;
    for (size_t i = poll->out_first; i < poll->out_last; i++)
        poll->cells[i].due &= !poll->cells[i].suspect;
    return result;
}

/* ---- beside the rounds ----------------------------------------------------------------------- */

static const struct modbus_reading *find_reading(const struct modbus_poll *poll,
                                                 const struct point *point)
{
    for (size_t i = 0; i < poll->reading_count; i++) {
        if (poll->readings[i].point == point)
            return &poll->readings[i];
    }
    return NULL;
}

const struct profile_point *modbus_poll_profile(const struct modbus_poll *poll,
                                                const struct point *point)
{
    const struct modbus_reading *reading = find_reading(poll, point);
    return reading ? reading->profile : NULL;
}

bool modbus_poll_read_back(struct modbus_poll *poll, const struct point *point,
                           struct driver_request *request)
{
    const struct modbus_reading *reading = find_reading(poll, point);
    if (!reading || reading->cell_count != 1)
        return false;
    const struct profile_register *at = &reading->profile->at;
    modbus_poll_request(request, at->bank, at->address, at->count);
    request->tag = READ_BACK | (unsigned)poll->reading_cells[reading->first_cell];
    return true;
}

/* Everything that is in the cell is published: eight outlets may share a register. A round that
 * still waits for it reads it once more. */
static int take_read_back(struct modbus_poll *poll, const struct driver_request *request,
                          const struct driver_answer *answer)
{
    size_t index = request->tag & ~READ_BACK;
    struct modbus_pdu_request asked;
    struct modbus_pdu_answer got;
    if (answer->result != DRIVER_ANSWERED)
        return 0;
    if (index >= poll->cell_count ||
        modbus_pdu_request_parse(request->bytes, request->length, &asked) != 0 ||
        modbus_pdu_answer_check(&asked, answer->bytes, answer->length, &got) != MODBUS_PDU_FITS)
        return -EPROTO;
    struct modbus_cell *cell = &poll->cells[index];
    take_cell(cell, got.data, cell->address);
    cell->mono = answer->mono;
    cell->wall = answer->wall;
    for (size_t k = 0; k < cell->user_count; k++) {
        struct modbus_reading *reading = &poll->readings[poll->cell_users[cell->first_user + k]];
        if (reading->cell_count == 1)
            publish(poll, reading);
    }
    return 0;
}

int modbus_poll_decode(struct modbus_poll *poll, const struct driver_request *request,
                       const struct driver_answer *answer)
{
    if (request->tag & READ_BACK)
        return take_read_back(poll, request, answer);
    if (answer->result != DRIVER_ANSWERED)
        return take_failure(poll, 0);
    struct modbus_pdu_request asked;
    struct modbus_pdu_answer got;
    if (request->tag != (poll->tag & ~READ_BACK) || poll->out_first == poll->out_last ||
        modbus_pdu_request_parse(request->bytes, request->length, &asked) != 0)
        return take_failure(poll, -EPROTO);
    enum modbus_pdu_check check =
        modbus_pdu_answer_check(&asked, answer->bytes, answer->length, &got);
    bool place = check == MODBUS_PDU_REFUSED && (got.exception == MODBUS_PDU_ILLEGAL_ADDRESS ||
                                                 got.exception == MODBUS_PDU_ILLEGAL_VALUE);
    if (check != MODBUS_PDU_FITS && !place)
        return take_failure(poll, -EPROTO);
    poll->answered = poll->alive = true;
    poll->now = answer->mono;
    if (place)
        take_refusal(poll);
    else
        take_answer(poll, got.data, answer);
    poll->out_last = poll->out_first;
    return 0;
}
