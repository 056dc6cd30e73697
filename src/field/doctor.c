#include "field/doctor.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "wire/modbus_pdu.h"

/* A judgement needs some evidence: on long buses single failures are everyday. */
#define FEW 3           /* events of a kind that does not happen by chance */
#define SOME 5          /* events of a kind that noise can bring */
#define ASKED_ENOUGH 10 /* requests before a share of them says anything */

/* What a rule looks at: the line, and one unit or none. */
struct look {
    const struct doctor_facts *facts;
    const struct doctor_unit *unit;
};

static uint64_t of_unit(const struct look *look, enum statistics_count what)
{
    return look->unit->recent[what];
}

static uint64_t of_line(const struct look *look, enum statistics_count what)
{
    return look->facts->recent[what];
}

static double share(uint64_t part, uint64_t of)
{
    return of ? (double)part / (double)of : 0;
}

/* Answers that came, but not whole. */
static uint64_t damaged(const uint64_t *recent)
{
    return recent[STATISTICS_CRC_ERRORS] + recent[STATISTICS_TRUNCATED];
}

/* The same for all units but this one. */
static double damaged_elsewhere(const struct look *look)
{
    uint64_t broken = 0, polls = 0;
    for (size_t i = 0; i < look->facts->unit_count; i++) {
        const struct doctor_unit *unit = &look->facts->units[i];
        if (look->unit && unit->unit == look->unit->unit)
            continue;
        broken += damaged(unit->recent);
        polls += unit->recent[STATISTICS_POLLS];
    }
    return share(broken, polls);
}

static uint64_t intact(const struct look *look)
{
    return of_line(look, STATISTICS_ANSWERS) + of_line(look, STATISTICS_MISMATCHES) +
           of_line(look, STATISTICS_LATE) + of_line(look, STATISTICS_MASTERS);
}

static uint64_t rubbish(const struct look *look)
{
    return of_line(look, STATISTICS_NOISE) + of_line(look, STATISTICS_CRC_ERRORS);
}

static void __attribute__((format(printf, 2, 3)))
evidence(struct doctor_finding *finding, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(finding->evidence, sizeof finding->evidence, format, args);
    va_end(args);
}

/* One more part of it, when there is any. */
static void add_evidence(struct doctor_finding *finding, uint64_t count, const char *of_what)
{
    size_t at = strlen(finding->evidence);
    if (count)
        snprintf(finding->evidence + at, sizeof finding->evidence - at, "%s%" PRIu64 " %s",
                 at ? ", " : "", count, of_what);
}

static void __attribute__((format(printf, 2, 3)))
what(struct doctor_finding *finding, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(finding->what, sizeof finding->what, format, args);
    va_end(args);
}

static void way_out(struct doctor_finding *finding, const char *text)
{
    snprintf(finding->way_out, sizeof finding->way_out, "%s", text);
}

/* ---- rules of a unit: true, and the finding filled in ---------------------------------------- */

/* Second answers and names that go back and forth have no other explanation; answers of another
 * length or function of the same unit come from another program in the other device. */
static bool two_answer(const struct look *look, struct doctor_finding *finding)
{
    uint64_t doubles = of_unit(look, STATISTICS_DOUBLES), swaps = of_unit(look, STATISTICS_SWAPS);
    uint64_t known = doubles + of_unit(look, STATISTICS_FOREIGN);
    uint64_t all = of_unit(look, STATISTICS_MISMATCHES);
    uint64_t odd = all > known ? all - known : 0;
    bool garbled = damaged(look->unit->recent) >= SOME && damaged_elsewhere(look) < 0.01;
    if (!look->facts->rtu || (doubles < FEW && swaps < 2 && !(odd >= FEW && garbled)))
        return false;
    finding->weight = doubles >= FEW || swaps >= 2 ? DOCTOR_CERTAIN : DOCTOR_LIKELY;
    what(finding, "Two devices answer as unit %d.", look->unit->unit);
    add_evidence(finding, doubles, "second answers to one question");
    add_evidence(finding, odd, "answers of another length or function than asked");
    add_evidence(finding, damaged(look->unit->recent), "garbled ones");
    add_evidence(finding, swaps, "times it said to be another device, and then the first again");
    way_out(finding, "Switch one of the two off, give the other one an address of its own, and "
                     "switch on again. A repeater that is wired in a loop looks the same.");
    return true;
}

static bool collides(const struct look *look, struct doctor_finding *finding)
{
    uint64_t broken = damaged(look->unit->recent), polls = of_unit(look, STATISTICS_POLLS);
    if (broken < SOME || share(broken, polls) < 0.05 || damaged_elsewhere(look) >= 0.01 ||
        look->facts->unit_count < 2)
        return false;
    bool most = share(broken, polls) >= 0.5;
    finding->weight = DOCTOR_LIKELY;
    what(finding, "Answers of unit %d come damaged, those of the other units do not.",
         look->unit->unit);
    evidence(finding,
             "%" PRIu64 " of %" PRIu64
             " answers garbled or broken off; elsewhere on the line %.1f %%.",
             broken, polls, 100 * damaged_elsewhere(look));
    way_out(finding,
            most ? "Most likely two devices have this address and answer at once: switch one off "
                   "and look again. Else check the speed set in this device and its connector."
                 : "Check connector and branch of this device; the branch should be shorter than a "
                   "metre. Two devices with this address look the same: switch one off and look.");
    return true;
}

static bool is_silent(const struct look *look, struct doctor_finding *finding)
{
    uint64_t polls = of_unit(look, STATISTICS_POLLS);
    if (polls < FEW || of_unit(look, STATISTICS_TIMEOUTS) < polls ||
        of_unit(look, STATISTICS_TRUNCATED) || of_unit(look, STATISTICS_LATE) ||
        !of_line(look, STATISTICS_ANSWERS))
        return false;
    finding->weight = DOCTOR_CERTAIN;
    what(finding, "Unit %d keeps silent while others on this line answer.", look->unit->unit);
    evidence(finding, "%" PRIu64 " questions, no byte of an answer.", polls);
    way_out(finding, look->facts->serial
                         ? "Check its power, its address and its speed; A and B may be swapped at "
                           "this device. Try other speeds if it is new here."
                         : "Check its power and its address behind the gateway.");
    return true;
}

static bool is_slow(const struct look *look, struct doctor_finding *finding)
{
    uint64_t late = of_unit(look, STATISTICS_LATE);
    if (late < FEW || share(late, of_unit(look, STATISTICS_POLLS)) < 0.005)
        return false;
    finding->weight = DOCTOR_CERTAIN;
    what(finding, "Unit %d answers after its time.", look->unit->unit);
    evidence(finding,
             "%" PRIu64 " answers came after they had been given up at %u ms; 99 of 100 of the "
             "others came within %.0f ms.",
             late, look->facts->timeout_ms, (double)look->unit->latency_p99 / CLOCK_MS);
    snprintf(finding->way_out, sizeof finding->way_out,
             "Set timeout_ms of the line to %u or more, or pause_ms if the device needs rest "
             "between questions.",
             look->facts->timeout_ms * 2);
    return true;
}

static bool breaks_off(const struct look *look, struct doctor_finding *finding)
{
    uint64_t cut = of_unit(look, STATISTICS_TRUNCATED);
    if (cut < SOME || share(cut, of_unit(look, STATISTICS_POLLS)) < 0.02 ||
        of_unit(look, STATISTICS_CRC_ERRORS) > cut || damaged_elsewhere(look) >= 0.01)
        return false;
    finding->weight = DOCTOR_LIKELY;
    what(finding, "Answers of unit %d break off before their end.", look->unit->unit);
    evidence(finding, "%" PRIu64 " of %" PRIu64 " answers began and did not end.", cut,
             of_unit(look, STATISTICS_POLLS));
    way_out(finding, look->facts->serial
                         ? "The adaptor may switch to sending too early or lose bytes: try another "
                           "one, or a lower speed."
                         : "The gateway may cut answers by its packet time-out: raise it there.");
    return true;
}

/* By code: what the refusals mean and what to do. */
static const struct refusal {
    uint8_t code;
    const char *means, *way_out;
} refusals[] = {
    {MODBUS_PDU_ILLEGAL_FUNCTION, "it does not know the function",
     "The profile is not of this model; choose another one, or search the line and see the guess."},
    {MODBUS_PDU_ILLEGAL_ADDRESS, "it lacks registers that are asked for",
     "The profile is of another model or firmware; choose another one, or take the registers out."},
    {MODBUS_PDU_ILLEGAL_VALUE, "it does not give so many registers at once",
     "Let the profile read less at once (max_registers)."},
    {MODBUS_PDU_DEVICE_FAILURE, "it says that it has failed",
     "Look at the device itself: its display or its maker's program tells more."},
    {MODBUS_PDU_BUSY, "it is busy", "Ask it less often, or set pause_ms of the line."},
    {MODBUS_PDU_PATH_UNAVAILABLE, "the gateway in between has no way to it",
     "Set up the unit in the gateway, or use another unit number."},
    {MODBUS_PDU_TARGET_SILENT, "the gateway in between gets no answer from it",
     "Check the device's power, address and wiring behind the gateway."},
};

static bool refuses(const struct look *look, struct doctor_finding *finding)
{
    uint64_t refused = of_unit(look, STATISTICS_EXCEPTIONS);
    const struct refusal *found = NULL;
    uint64_t most = 0;
    if (refused < SOME || share(refused, of_unit(look, STATISTICS_POLLS)) < 0.1)
        return false;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        uint64_t count = look->unit->exceptions[refusals[i].code];
        if (count > most) {
            most = count;
            found = &refusals[i];
        }
    }
    finding->weight = found ? DOCTOR_CERTAIN : DOCTOR_HINT;
    what(finding, "Unit %d refuses: %s.", look->unit->unit,
         found ? found->means : "with codes of its own");
    evidence(finding, "%" PRIu64 " of %" PRIu64 " answers are refusals, most with exception %d.",
             refused, of_unit(look, STATISTICS_POLLS), found ? found->code : 0);
    way_out(finding, found ? found->way_out : "See the manual of the device for its codes.");
    return true;
}

/* ---- rules of the line ----------------------------------------------------------------------- */

static bool is_down(const struct look *look, struct doctor_finding *finding)
{
    if (look->facts->open || !*look->facts->reason || !look->facts->unit_count)
        return false;
    finding->weight = DOCTOR_CERTAIN;
    what(finding, "The line cannot be used.");
    evidence(finding, "%s", look->facts->reason);
    way_out(finding, look->facts->serial
                         ? "Check that the adaptor is plugged in and that no other program uses it."
                         : "Check the gateway's power, address and port.");
    return true;
}

/* A sole master at a wrong speed hears nothing, as the devices do not understand it; what does come
 * is answers of devices that do not look at the parity, or others' traffic. */
static bool wrong_speed(const struct look *look, struct doctor_finding *finding)
{
    uint64_t noise = rubbish(look);
    if (!look->facts->open || !look->facts->rtu || noise < 16 || intact(look) ||
        of_line(look, STATISTICS_POLLS) < FEW)
        return false;
    finding->weight = DOCTOR_LIKELY;
    const struct transport_faults *faults = &look->facts->faults;
    /* A wrong parity leaves the frames of characters whole; a wrong speed breaks them. */
    bool parity = faults->parity >= SOME && faults->framing < faults->parity / 4;
    bool speed = faults->framing >= SOME && !parity;
    what(finding, "Bytes come, but not one whole frame: %s is wrong.",
         parity  ? "the parity"
         : speed ? "the speed"
                 : "speed or parity");
    add_evidence(finding, of_line(look, STATISTICS_POLLS), "questions without an intact answer");
    add_evidence(finding, of_line(look, STATISTICS_NOISE), "bytes of garbage");
    add_evidence(finding, of_line(look, STATISTICS_CRC_ERRORS), "damaged answers");
    add_evidence(finding, faults->framing, "framing errors");
    add_evidence(finding, faults->parity, "parity errors of the port");
    way_out(finding, look->facts->serial
                         ? "Try other speeds: an administrator can start that here."
                         : "Set speed and parity in the gateway as in the devices.");
    return true;
}

static bool dead_quiet(const struct look *look, struct doctor_finding *finding)
{
    if (!look->facts->open || of_line(look, STATISTICS_POLLS) < SOME || intact(look) ||
        rubbish(look) || of_line(look, STATISTICS_TRUNCATED) || !look->facts->unit_count)
        return false;
    finding->weight = DOCTOR_LIKELY;
    what(finding, "Nothing is heard on this line.");
    evidence(finding, "%" PRIu64 " questions, not one byte.", of_line(look, STATISTICS_POLLS));
    way_out(finding, look->facts->serial
                         ? "In this order: A and B swapped, the bus on another port, no power, "
                           "wrong speed or parity (try other speeds), wrong addresses."
                         : "The gateway accepts but passes nothing on: check its serial side, "
                           "speed, parity and wiring.");
    return true;
}

static bool noisy(const struct look *look, struct doctor_finding *finding)
{
    uint64_t broken = damaged(look->facts->recent), polls = of_line(look, STATISTICS_POLLS);
    size_t hit = 0;
    for (size_t i = 0; i < look->facts->unit_count; i++)
        hit += damaged(look->facts->units[i].recent) > 0;
    if (polls < ASKED_ENOUGH || broken < SOME || share(broken, polls) < 0.01 || !intact(look) ||
        (look->facts->unit_count > 1 && hit < 2))
        return false;
    finding->weight = DOCTOR_LIKELY;
    what(finding, "Answers of %zu of %zu units come damaged.", hit, look->facts->unit_count);
    evidence(finding, "%" PRIu64 " of %" PRIu64 " answers garbled or broken off (%.1f %%).", broken,
             polls, 100 * share(broken, polls));
    way_out(finding, share(broken, polls) >= 0.5
                         ? "Check parity and stop bits first: where only they are wrong, some "
                           "answers pass. Then termination at both ends and the common wire."
                         : "Terminate both ends of the bus (120 ohms) and no other place, connect "
                           "the common wire, keep away from motors; a lower speed stands more.");
    return true;
}

static bool another_master(const struct look *look, struct doctor_finding *finding)
{
    uint64_t masters = of_line(look, STATISTICS_MASTERS);
    uint64_t foreign = of_line(look, STATISTICS_FOREIGN);
    if (!look->facts->rtu || (!masters && foreign < FEW))
        return false;
    finding->weight = masters ? DOCTOR_CERTAIN : DOCTOR_LIKELY;
    what(finding,
         masters ? "Somebody else asks on this bus." : "Units answer that were not asked.");
    evidence(finding,
             "%" PRIu64 " questions that are not ours, %" PRIu64
             " answers of units that were not asked.",
             masters, foreign);
    way_out(finding, "A serial bus has one master: take the other one off and let it ask busbar's "
                     "gateway instead.");
    return true;
}

/* Bytes that nobody fetched in time: with a sound adaptor that never happens. */
static bool loses_bytes(const struct look *look, struct doctor_finding *finding)
{
    const struct transport_faults *faults = &look->facts->faults;
    if (faults->overruns < FEW)
        return false;
    finding->weight = DOCTOR_CERTAIN;
    what(finding, "The serial port loses bytes.");
    add_evidence(finding, faults->overruns, "overruns since it was opened");
    way_out(finding, "The machine is too busy or the port has no buffer: use another port or "
                     "adaptor, or a lower speed.");
    return true;
}

static bool is_full(const struct look *look, struct doctor_finding *finding)
{
    uint64_t late = of_line(look, STATISTICS_OVERRUNS);
    for (size_t i = 0; i < look->facts->unit_count; i++)
        late += look->facts->units[i].recent[STATISTICS_OVERRUNS];
    if (look->facts->busy_percent < 90 || late < SOME)
        return false;
    finding->weight = DOCTOR_CERTAIN;
    what(finding, "The line is full: rounds are late.");
    evidence(finding,
             "In use %.0f %% of the time; %" PRIu64
             " rounds were due before the one before was done.",
             look->facts->busy_percent, late);
    way_out(finding, "Read the devices less often (every), take silent ones off, raise the speed, "
                     "or spread the units over two lines.");
    return true;
}

/* ---- judging --------------------------------------------------------------------------------- */

/* In this order the first rule that holds for a unit explains those of the same group below it. */
static const struct rule {
    const char *kind;
    bool (*holds)(const struct look *look, struct doctor_finding *finding);
    int group; /* 0: stands for itself */
} unit_rules[] = {
    {"duplicate-address", two_answer, 1},
    {"broken-answers", breaks_off, 1},
    {"damaged-unit", collides, 1},
    {"silent-unit", is_silent, 0},
    {"slow-unit", is_slow, 0},
    {"refusals", refuses, 0},
};

static const struct rule line_rules[] = {
    {"line-down", is_down, 1},
    {"wrong-speed", wrong_speed, 1},
    {"nothing-heard", dead_quiet, 1},
    {"damaged-line", noisy, 0},
    {"another-master", another_master, 0},
    {"lost-bytes", loses_bytes, 0},
    {"line-full", is_full, 0},
};

static size_t apply(const struct look *look, const struct rule *rules, size_t count,
                    struct doctor_finding *findings, size_t room)
{
    size_t found = 0;
    int explained = 0;
    for (size_t i = 0; i < count && found < room; i++) {
        struct doctor_finding *finding = &findings[found];
        *finding = (struct doctor_finding){
            .kind = rules[i].kind,
            .unit = look->unit ? look->unit->unit : -1,
            .device = look->unit ? look->unit->device : NULL,
        };
        if ((rules[i].group && rules[i].group == explained) || !rules[i].holds(look, finding))
            continue;
        explained = rules[i].group ? rules[i].group : explained;
        found++;
    }
    return found;
}

/* Heaviest first, else in the order found. */
static void sort(struct doctor_finding *findings, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const struct doctor_finding moved = findings[i];
        size_t at = i;
        for (; at > 0 && findings[at - 1].weight < moved.weight; at--)
            findings[at] = findings[at - 1];
        findings[at] = moved;
    }
}

size_t doctor_judge(const struct doctor_facts *facts, struct doctor_finding *findings, size_t room)
{
    struct look look = {.facts = facts};
    size_t count = apply(&look, line_rules, sizeof line_rules / sizeof *line_rules, findings, room);
    for (size_t i = 0; i < facts->unit_count; i++) {
        look.unit = &facts->units[i];
        count += apply(&look, unit_rules, sizeof unit_rules / sizeof *unit_rules, findings + count,
                       room - count);
    }
    sort(findings, count);
    return count;
}

const char *doctor_weight_name(enum doctor_weight weight)
{
    static const char *const names[] = {"hint", "likely", "certain"};
    assert(weight <= DOCTOR_CERTAIN);
    return names[weight];
}
