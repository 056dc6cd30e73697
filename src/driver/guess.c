#include "driver/guess.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "driver/modbus_point.h"
#include "driver/modbus_poll.h"
#include "driver/sunspec_chain.h"
#include "wire/modbus_pdu.h"

enum state { UNKNOWN, ANSWERED, REFUSED };

/* A read, shared by all rules about the same place. */
struct probe {
    enum profile_bank bank;
    unsigned address, count;
    bool asked;
    enum state state;
    uint8_t bytes[2 * 32];
};

/* A rule of a profile and the read that decides it. */
struct clue {
    const struct profile_rule *rule;
    size_t probe;
    double bits;
};

struct candidate {
    const struct library_entry *entry;
    size_t first, count; /* its clues */
};

struct guess {
    struct probe *probes;
    size_t probe_count, probe_capacity;
    struct clue *clues;
    size_t clue_count, clue_capacity;
    struct candidate *candidates;
    size_t candidate_count, candidate_capacity;
    struct profile_rule markers[SUNSPEC_BASES];
};

/* ---- how much a rule tells ------------------------------------------------------------------- */

/* Position of a float among all bit patterns of its type, 0 to 1: the finer the closer to 0 a
 * number is. */
static double float_rank(double number)
{
    float single = (float)number;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    double place = (double)(bits & 0x7FFFFFFF) / 0x1p32;
    return signbit(single) ? 0.5 - place : 0.5 + place;
}

/* Bits of evidence: how unlikely it is that a register of anything else fits the rule. The upper
 * half of a large integer is 0 in most devices and tells nothing. */
static double evidence(const struct profile_rule *rule)
{
    double width = 16.0 * rule->at.count;
    if (rule->at.type == MODBUS_VALUE_BOOL || rule->at.bank >= PROFILE_COIL)
        return 1;
    if (rule->text)
        return width;
    if (profile_type_is_float(rule->at.type)) {
        double share = float_rank(rule->high) - float_rank(rule->low) + 0x1p-32;
        return fmin(-log2(share), width);
    }
    bool exact = rule->equals && !profile_type_is_bcd(rule->at.type);
    double high = exact ? (double)rule->key : fabs(rule->high);
    double span = exact ? 1 : rule->high - rule->low + 1;
    double share = span / ldexp(1, high < 65536 ? 16 : (int)width);
    return share >= 1 ? 0 : fmin(-log2(share), width);
}

/* ---- making ---------------------------------------------------------------------------------- */

/* Seven meters of one maker ask for the same frequency: it is read once. */
static size_t find_probe(struct guess *guess, const struct profile_register *at)
{
    for (size_t i = 0; i < guess->probe_count; i++) {
        const struct probe *probe = &guess->probes[i];
        if (probe->bank == at->bank && probe->address == at->address && probe->count == at->count)
            return i;
    }
    guess->probes =
        mem_grow(guess->probes, guess->probe_count, &guess->probe_capacity, sizeof *guess->probes);
    guess->probes[guess->probe_count] =
        (struct probe){.bank = at->bank, .address = at->address, .count = at->count};
    return guess->probe_count++;
}

/* A profile with its rules; one without rules can't be told from any other and is left out. */
static void add_candidate(struct guess *guess, const struct library_entry *entry,
                          const struct profile_rule *rules, size_t count)
{
    struct candidate candidate = {.entry = entry, .first = guess->clue_count, .count = count};
    for (size_t i = 0; i < count; i++) {
        struct clue clue = {.rule = &rules[i],
                            .probe = find_probe(guess, &rules[i].at),
                            .bits = evidence(&rules[i])};
        guess->clues =
            mem_grow(guess->clues, guess->clue_count, &guess->clue_capacity, sizeof *guess->clues);
        guess->clues[guess->clue_count++] = clue;
    }
    if (count == 0)
        return;
    guess->candidates = mem_grow(guess->candidates, guess->candidate_count,
                                 &guess->candidate_capacity, sizeof *guess->candidates);
    guess->candidates[guess->candidate_count++] = candidate;
}

struct guess *guess_new(const struct driver_library *library)
{
    struct guess *guess = mem_new(sizeof *guess);
    for (size_t i = 0; i < SUNSPEC_BASES; i++)
        guess->markers[i] = (struct profile_rule){
            .at = {.bank = PROFILE_HOLDING,
                   .type = MODBUS_VALUE_UINT32,
                   .address = sunspec_bases[i],
                   .count = 2},
            .equals = true,
            .key = SUNSPEC_MARKER,
        };
    for (size_t i = 0; i < library_count(library); i++) {
        const struct library_entry *entry = library_at(library, i);
        if (entry->profile)
            add_candidate(guess, entry, entry->profile->rules, entry->profile->rule_count);
        else if (strcmp(entry->driver, "sunspec") == 0) {
            for (size_t k = 0; k < SUNSPEC_BASES; k++)
                add_candidate(guess, entry, &guess->markers[k], 1);
        }
    }
    return guess;
}

struct guess *guess_free(struct guess *guess)
{
    if (guess) {
        free(guess->probes);
        free(guess->clues);
        free(guess->candidates);
        free(guess);
    }
    return NULL;
}

void guess_reset(struct guess *guess)
{
    for (size_t i = 0; i < guess->probe_count; i++) {
        guess->probes[i].asked = false;
        guess->probes[i].state = UNKNOWN;
    }
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* 1: holds, 0: not known yet, -1: fails */
static int judge(const struct guess *guess, const struct clue *clue)
{
    const struct probe *probe = &guess->probes[clue->probe];
    if (probe->state == UNKNOWN)
        return 0;
    if (probe->state == REFUSED)
        return -1;
    return modbus_rule_match(clue->rule, probe->bytes) == MODBUS_MATCH ? 1 : -1;
}

/* An exact value that is not there rules a profile out for good; no need to ask on for it. */
static bool is_out(const struct guess *guess, const struct candidate *candidate)
{
    for (size_t i = 0; i < candidate->count; i++) {
        const struct clue *clue = &guess->clues[candidate->first + i];
        if (clue->rule->equals && judge(guess, clue) < 0)
            return true;
    }
    return false;
}

bool guess_plan(struct guess *guess, struct driver_request *request)
{
    size_t best = SIZE_MAX, best_users = 0;
    double best_bits = -1;
    for (size_t p = 0; p < guess->probe_count; p++) {
        if (guess->probes[p].asked)
            continue;
        size_t users = 0;
        double bits = 0;
        for (size_t c = 0; c < guess->candidate_count; c++) {
            const struct candidate *candidate = &guess->candidates[c];
            if (is_out(guess, candidate))
                continue;
            for (size_t i = 0; i < candidate->count; i++) {
                const struct clue *clue = &guess->clues[candidate->first + i];
                users += clue->probe == p;
                bits = clue->probe == p ? fmax(bits, clue->bits) : bits;
            }
        }
        /* First what decides about most profiles. */
        if (users && (users > best_users || (users == best_users && bits > best_bits))) {
            best = p;
            best_users = users;
            best_bits = bits;
        }
    }
    if (best == SIZE_MAX)
        return false;
    struct probe *probe = &guess->probes[best];
    probe->asked = true;
    modbus_poll_request(request, probe->bank, (uint16_t)probe->address, (uint16_t)probe->count);
    request->tag = (unsigned)best;
    return true;
}

void guess_answer(struct guess *guess, const struct driver_request *request,
                  const struct driver_answer *answer)
{
    if (request->tag >= guess->probe_count)
        return;
    struct probe *probe = &guess->probes[request->tag];
    struct modbus_pdu_request asked;
    struct modbus_pdu_answer got;
    probe->state = REFUSED;
    if (answer->result != DRIVER_ANSWERED ||
        modbus_pdu_request_parse(request->bytes, request->length, &asked) != 0 ||
        modbus_pdu_answer_check(&asked, answer->bytes, answer->length, &got) != MODBUS_PDU_FITS)
        return;
    probe->state = ANSWERED;
    if (probe->bank >= PROFILE_COIL) {
        probe->bytes[0] = 0;
        probe->bytes[1] = got.data[0] & 1;
    } else if (got.data_length <= sizeof probe->bytes) {
        memcpy(probe->bytes, got.data, got.data_length);
    }
}

/* ---- ranking --------------------------------------------------------------------------------- */

static int by_score(const void *a, const void *b)
{
    const struct guess_rank *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    if (x->entry->confirmed != y->entry->confirmed)
        return y->entry->confirmed - x->entry->confirmed;
    return strcmp(x->entry->name, y->entry->name);
}

/* A range that fails counts half against a profile: there may be no voltage on the line today. */
static struct guess_rank rank(const struct guess *guess, const struct candidate *candidate)
{
    struct guess_rank result = {.entry = candidate->entry};
    for (size_t i = 0; i < candidate->count; i++) {
        const struct clue *clue = &guess->clues[candidate->first + i];
        int verdict = judge(guess, clue);
        result.held += verdict > 0;
        result.failed += verdict < 0;
        result.score += verdict * clue->bits * (verdict < 0 ? 0.5 : 1);
        result.proven |= verdict > 0 && clue->rule->equals;
    }
    return result;
}

size_t guess_ranks(const struct guess *guess, struct guess_rank *ranks, size_t most)
{
    struct guess_rank *all = mem_new((guess->candidate_count + 1) * sizeof *all);
    size_t count = 0;
    for (size_t c = 0; c < guess->candidate_count; c++) {
        if (is_out(guess, &guess->candidates[c]))
            continue;
        struct guess_rank one = rank(guess, &guess->candidates[c]);
        if (one.held > 0 && one.score > 0)
            all[count++] = one;
    }
    qsort(all, count, sizeof *all, by_score);
    count = count < most ? count : most;
    memcpy(ranks, all, count * sizeof *all);
    free(all);
    return count;
}
