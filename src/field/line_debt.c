#include "field/line_debt.h"

#include <string.h>

#include "wire/modbus_rtu.h"

#define MUTE_AFTER 2 /* probes without an answer: perhaps the unit does not answer such */

/* Reads to try as a probe, from the function that waits on: it is known to be answered. Devices
 * refuse functions that they lack, which is an answer too. */
#define FORMS 4
static const uint8_t forms[][FORMS] = {
    [MODBUS_PDU_READ_COILS] = {1, 3, 4, 2},
    [MODBUS_PDU_READ_DISCRETE] = {2, 1, 3, 4},
    [MODBUS_PDU_READ_HOLDING] = {3, 4, 1, 2},
    [MODBUS_PDU_READ_INPUT] = {4, 3, 1, 2},
};

static bool is_coil_write(uint8_t function)
{
    return function == MODBUS_PDU_WRITE_COIL || function == MODBUS_PDU_WRITE_COILS;
}

static bool is_older(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* Byte for byte: then the answer to the one is an answer to the other. */
static bool is_same(const struct debt_entry *entry, const uint8_t *pdu, size_t length)
{
    return length <= DEBT_KEY && entry->length == length && memcmp(entry->pdu, pdu, length) == 0;
}

static size_t question_length(const struct frame_expected *expected)
{
    return expected->length - MODBUS_RTU_OVERHEAD;
}

static struct debt_entry *entry_of(struct line_debt *debt, const uint8_t *pdu, size_t length)
{
    for (size_t i = 0; i < debt->count; i++) {
        if (is_same(&debt->entries[i], pdu, length))
            return &debt->entries[i];
    }
    return NULL;
}

static size_t count_of(const struct line_debt *debt, bool probes)
{
    size_t count = 0;
    for (size_t i = 0; i < debt->count; i++)
        count += debt->entries[i].probe == probes;
    return count;
}

static bool is_read(uint8_t function)
{
    return function >= MODBUS_PDU_READ_COILS && function <= MODBUS_PDU_READ_INPUT;
}

/* Whether the frame looks like the answer to an owed question. */
static bool may_answer(const struct debt_entry *entry, const uint8_t *answer, size_t length)
{
    if (answer[0] == (entry->function | MODBUS_PDU_EXCEPTION_FLAG))
        return !entry->harmless;
    if (answer[0] != entry->function || (entry->answer && entry->answer != length))
        return false;
    /* The confirmation of a write names what was written: address, and value or count. */
    bool write = modbus_pdu_known(entry->function) && !is_read(entry->function);
    return !write || !entry->answer || memcmp(entry->pdu, answer, length) == 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Whether its late answer would look like the answer to the question. A refusal fits any question
 * of its function, but most units refuse none: probes wait until there is one. */
static bool is_in_the_way(const struct line_debt *debt, const struct debt_entry *entry,
                          const uint8_t *pdu, size_t length)
{
    struct modbus_pdu_request request;
    if (entry->function != pdu[0])
        return false;
    return (debt->refused && !entry->harmless) || !entry->answer ||
           modbus_pdu_request_parse(pdu, length, &request) != 0 ||
           modbus_pdu_answer_length(&request) == entry->answer;
}

enum debt_way line_debt_way(const struct line_debt *debt, const uint8_t *pdu, size_t length,
                            bool write)
{
    bool clash = false, known = write;
    for (size_t i = 0; i < debt->count; i++) {
        bool same = is_same(&debt->entries[i], pdu, length);
        known |= same;
        clash |= !same && is_in_the_way(debt, &debt->entries[i], pdu, length);
    }
    bool full = !known && count_of(debt, false) >= DEBT_QUESTIONS;
    if (!clash && !full)
        return DEBT_ASK;
    /* Who switches something does not wait for long. */
    bool mute = debt->mute >= (write ? 1 : MUTE_AFTER);
    return mute && !full ? DEBT_DOUBT : DEBT_PROBE;
}

/* The newest probe of this function that settles something; else a new one is better. */
static const struct debt_entry *old_probe(const struct line_debt *debt, uint8_t function)
{
    const struct debt_entry *probe = NULL;
    for (size_t i = 0; i < debt->count; i++) {
        const struct debt_entry *entry = &debt->entries[i];
        if (entry->probe && entry->function == function &&
            (!probe || is_older(probe->first, entry->first)))
            probe = entry;
    }
    for (size_t i = 0; probe && i < debt->count; i++) {
        if (is_older(debt->entries[i].last, probe->first))
            return probe;
    }
    return count_of(debt, true) < DEBT_PROBES ? NULL : probe;
}

static bool is_owed(const struct line_debt *debt, uint8_t function, size_t answer)
{
    for (size_t i = 0; i < debt->count; i++) {
        const struct debt_entry *entry = &debt->entries[i];
        if (entry->function == function && (!entry->answer || entry->answer == answer))
            return true;
    }
    return false;
}

static bool looks_alike(const struct modbus_pdu_request *probe, const uint8_t *pdu, size_t length)
{
    struct modbus_pdu_request question;
    return probe->function == pdu[0] && modbus_pdu_request_parse(pdu, length, &question) == 0 &&
           modbus_pdu_answer_length(&question) == modbus_pdu_answer_length(probe);
}

/* A read that was answered before, perhaps: one after the other. */
static const struct debt_entry *sign_of_life(const struct line_debt *debt)
{
    for (size_t i = 0; i < debt->count; i++) {
        const struct debt_entry *entry = &debt->entries[(debt->sent + i) % debt->count];
        if (!entry->probe && is_read(entry->function) && entry->length == DEBT_PROBE_LENGTH)
            return entry;
    }
    return NULL;
}

void line_debt_probe(const struct line_debt *debt, const uint8_t *pdu, size_t length,
                     uint8_t *probe)
{
    uint8_t home = pdu[0];
    if (!is_read(home))
        home = is_coil_write(home) ? MODBUS_PDU_READ_COILS : MODBUS_PDU_READ_HOLDING;
    uint8_t function = forms[home][debt->form];
    const struct debt_entry *old = NULL;
    if (debt->mute % (MUTE_AFTER + 1) == MUTE_AFTER)
        old = sign_of_life(debt);
    if (!old)
        old = old_probe(debt, function);
    if (old) {
        memcpy(probe, old->pdu, DEBT_PROBE_LENGTH);
        return;
    }
    bool bits = function <= MODBUS_PDU_READ_DISCRETE;
    struct modbus_pdu_request request = {.function = function, .count = 1};
    /* Of another length than the question too, so that a copy of the probe's answer can do no harm.
     * There are fewer entries than lengths. */
    while (request.count < MODBUS_PDU_READ_MAX &&
           (is_owed(debt, function, modbus_pdu_answer_length(&request)) ||
            looks_alike(&request, pdu, length)))
        request.count = (uint16_t)(request.count + (bits ? 8 : 1));
    if (modbus_pdu_known(pdu[0]) && length >= 3)
        request.address = (uint16_t)(pdu[1] << 8 | pdu[2]);
    if (request.address > UINT16_MAX - request.count)
        request.address = (uint16_t)(UINT16_MAX - request.count);
    (void)modbus_pdu_request_build(&request, probe, DEBT_PROBE_LENGTH);
}

uint32_t line_debt_send(struct line_debt *debt)
{
    return ++debt->sent;
}

/* ---- owing ----------------------------------------------------------------------------------- */

/* A place for a question that is not there yet. Writes are no questions that are asked again and
 * again: when there are too many those of one function share a place, which fits any answer. */
static struct debt_entry *place_of(struct line_debt *debt, const struct frame_expected *expected,
                                   bool probe, uint32_t number)
{
    size_t length = question_length(expected);
    if (!probe && count_of(debt, false) >= DEBT_QUESTIONS) {
        for (size_t i = 0; i < debt->count; i++) {
            struct debt_entry *entry = &debt->entries[i];
            if (!entry->probe && entry->function == expected->request.function) {
                entry->length = entry->answer = 0;
                return entry;
            }
        }
    }
    if (debt->count == sizeof debt->entries / sizeof *debt->entries)
        debt->count--;
    struct debt_entry *entry = &debt->entries[debt->count++];
    *entry = (struct debt_entry){
        .function = expected->request.function,
        .length = length,
        .answer = expected->answer_length,
        .probe = probe,
        .first = number,
    };
    memcpy(entry->pdu, expected->pdu, length < DEBT_KEY ? length : DEBT_KEY);
    return entry;
}

void line_debt_owe(struct line_debt *debt, const struct frame_expected *expected, bool probe,
                   uint32_t number)
{
    struct debt_entry *entry = entry_of(debt, expected->pdu, question_length(expected));
    if (!entry)
        entry = place_of(debt, expected, probe, number);
    entry->probe &= probe;
    entry->harmless &= probe;
    entry->last = number;
    debt->mute = probe ? debt->mute + 1 : 0;
}

/* ---- settling -------------------------------------------------------------------------------- */

static void settle_before(struct line_debt *debt, uint32_t number)
{
    size_t left = 0;
    for (size_t i = 0; i < debt->count; i++) {
        if (!is_older(debt->entries[i].last, number))
            debt->entries[left++] = debt->entries[i];
    }
    debt->count = left;
}

bool line_debt_is_clear(const struct line_debt *debt, const struct frame_expected *expected,
                        const uint8_t *answer, size_t length)
{
    size_t asked = question_length(expected);
    for (size_t i = 0; i < debt->count; i++) {
        const struct debt_entry *entry = &debt->entries[i];
        if (!is_same(entry, expected->pdu, asked) && may_answer(entry, answer, length))
            return false;
    }
    return true;
}

void line_debt_answered(struct line_debt *debt, const struct frame_expected *expected,
                        uint32_t number, bool refused)
{
    struct debt_entry *entry = entry_of(debt, expected->pdu, question_length(expected));
    /* This may have been the answer to an earlier copy of the question: then there is one more.
     * What was sent twice is answered alike. */
    if (entry) {
        entry->last = number;
        entry->harmless |= entry->probe && !refused;
    }
    settle_before(debt, entry ? entry->first : number);
    debt->mute = debt->tried = 0;
    debt->refused = false;
}

bool line_debt_unclear(struct line_debt *debt, enum debt_way way)
{
    debt->mute = 0;
    debt->refused = true;
    if (way == DEBT_ASK)
        return true;
    debt->form = (debt->form + 1) % FORMS;
    if (++debt->tried < FORMS)
        return true;
    debt->tried = 0;
    debt->refused = false;
    debt->count = 0;
    return false;
}

enum debt_late line_debt_late(struct line_debt *debt, const uint8_t *answer, size_t length)
{
    struct debt_entry *entry = NULL;
    size_t fit = 0;
    for (size_t i = 0; i < debt->count; i++) {
        if (may_answer(&debt->entries[i], answer, length)) {
            entry = &debt->entries[i];
            fit++;
        }
    }
    if (fit != 1)
        return fit ? DEBT_QUESTION : DEBT_STRANGE;
    enum debt_late late = entry->probe ? DEBT_PROBED : DEBT_QUESTION;
    entry->harmless |= entry->probe && answer[0] == entry->function;
    settle_before(debt, entry->first);
    return late;
}
