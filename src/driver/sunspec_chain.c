#include "driver/sunspec_chain.h"

#include <errno.h>
#include <string.h>

#include "driver/modbus_point.h"
#include "driver/modbus_poll.h"
#include "wire/modbus_pdu.h"

/* SunSpec Device Information Model Specification 1.2, "Modbus": the map begins at one of these. */
const uint16_t sunspec_bases[SUNSPEC_BASES] = {40000, 50000, 0};

enum {
    MODEL_END = 0xFFFF,
    MODEL_COMMON = 1,
    COMMON_LENGTH =
        64, /* registers from manufacturer to serial number: the least a common model has */
    TRIES = 3,
};

static unsigned get16(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

static void ask(struct driver_request *request, unsigned address, unsigned count)
{
    modbus_poll_request(request, PROFILE_HOLDING, (uint16_t)address, (uint16_t)count);
}

/* Four registers: the marker and the first header. */
static void ask_marker(struct sunspec_chain *chain, struct driver_request *request)
{
    chain->step = SUNSPEC_SEEK;
    chain->waiting = true;
    chain->tried++;
    ask(request, sunspec_bases[chain->base], 4);
}

void sunspec_chain_begin(struct sunspec_chain *chain, struct driver_request *request)
{
    bool silent = chain->waiting;
    unsigned base = (chain->base + silent) % SUNSPEC_BASES;
    *chain = (struct sunspec_chain){.base = base, .unanswered = silent};
    ask_marker(chain, request);
}

enum reply { REPLY_FITS, REPLY_REFUSED, REPLY_BUSY, REPLY_NONE };

static enum reply refusal(uint8_t exception)
{
    if (exception == MODBUS_PDU_ACKNOWLEDGE || exception == MODBUS_PDU_BUSY)
        return REPLY_BUSY;
    return exception >= MODBUS_PDU_ILLEGAL_FUNCTION && exception <= MODBUS_PDU_ILLEGAL_VALUE
               ? REPLY_REFUSED
               : REPLY_NONE;
}

/* Refusals speak of this place only; anything else may be another answer tomorrow. */
static enum reply check(const struct driver_answer *answer, unsigned address, unsigned count,
                        struct modbus_pdu_answer *got)
{
    struct modbus_pdu_request asked = {.function = MODBUS_PDU_READ_HOLDING,
                                       .address = (uint16_t)address,
                                       .count = (uint16_t)count};
    if (answer->result != DRIVER_ANSWERED)
        return REPLY_NONE;
    switch (modbus_pdu_answer_check(&asked, answer->bytes, answer->length, got)) {
    case MODBUS_PDU_FITS:
        return REPLY_FITS;
    case MODBUS_PDU_REFUSED:
        return refusal(got->exception);
    default:
        return REPLY_NONE;
    }
}

/* A header that was read: keep it and ask for what follows. */
static int take_header(struct sunspec_chain *chain, const uint8_t *header,
                       struct driver_request *request)
{
    unsigned id = get16(header), length = get16(header + 2);
    unsigned next = chain->address + 2 + length;
    if (id == MODEL_END || chain->count == SUNSPEC_CHAIN_MAX || next > 65536)
        return 0;
    chain->links[chain->count++] = (struct sunspec_link){
        .id = (uint16_t)id, .address = (uint16_t)chain->address, .length = (uint16_t)length};
    unsigned here = chain->address;
    chain->address = next;
    chain->tries = 0;
    if (id == MODEL_COMMON && length >= COMMON_LENGTH && !chain->vendor[0]) {
        chain->step = SUNSPEC_COMMON;
        ask(request, here + 2, COMMON_LENGTH);
        return 1;
    }
    if (next > 65534)
        return 0;
    chain->step = SUNSPEC_HEADER;
    ask(request, next, 2);
    return 1;
}

/* Another place for the marker. After the last one it is for field to ask again, and not at once: a
 * device that says "busy" everywhere would be asked without a pause. */
static int seek_on(struct sunspec_chain *chain, struct driver_request *request, struct err *err)
{
    if (chain->tried >= SUNSPEC_BASES)
        return err_set(err, -ENODEV, "no SunSpec device%s: registers %u, %u and %u %s \"SunS\"",
                       chain->unanswered ? " yet" : "", sunspec_bases[0], sunspec_bases[1],
                       sunspec_bases[2],
                       chain->unanswered ? "are busy or failing, or do not read" : "do not read");
    chain->base = (chain->base + 1) % SUNSPEC_BASES;
    ask_marker(chain, request);
    return 1;
}

static int take_marker(struct sunspec_chain *chain, const struct driver_answer *answer,
                       struct driver_request *request, struct err *err)
{
    struct modbus_pdu_answer got;
    enum reply reply = check(answer, sunspec_bases[chain->base], 4, &got);
    chain->waiting = false;
    if (reply == REPLY_FITS && (get16(got.data) << 16 | get16(got.data + 2)) == SUNSPEC_MARKER) {
        chain->address = sunspec_bases[chain->base] + 2u;
        return take_header(chain, got.data + 4, request);
    }
    chain->unanswered |= reply != REPLY_FITS && reply != REPLY_REFUSED;
    return seek_on(chain, request, err);
}

/* Model 1: manufacturer, model, options, version, serial number (16, 16, 8, 8 and 16 registers of
 * text). */
static void take_common(struct sunspec_chain *chain, const uint8_t *data)
{
    const struct {
        unsigned offset, count;
        char *text;
    } fields[] = {
        {0, 16, chain->vendor},
        {16, 16, chain->model},
        {40, 8, chain->firmware},
        {48, 16, chain->serial},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        modbus_point_text(MODBUS_VALUE_ABCD, data + 2 * (size_t)fields[i].offset, fields[i].count,
                          fields[i].text, LIMIT_TEXT_VALUE);
}

/* The model behind the common one. */
static int ask_header(struct sunspec_chain *chain, struct driver_request *request)
{
    chain->tries = 0;
    if (chain->address > 65534)
        return 0;
    chain->step = SUNSPEC_HEADER;
    ask(request, chain->address, 2);
    return 1;
}

int sunspec_chain_answer(struct sunspec_chain *chain, const struct driver_answer *answer,
                         struct driver_request *request, struct err *err)
{
    struct modbus_pdu_answer got;
    if (chain->step == SUNSPEC_SEEK)
        return take_marker(chain, answer, request, err);
    bool common = chain->step == SUNSPEC_COMMON;
    const struct sunspec_link *last = &chain->links[chain->count - 1];
    unsigned address = common ? last->address + 2u : chain->address;
    unsigned count = common ? COMMON_LENGTH : 2;
    enum reply reply = check(answer, address, count, &got);
    if (reply >= REPLY_BUSY && (answer->result != DRIVER_ANSWERED || ++chain->tries < TRIES)) {
        ask(request, address, count);
        return 1;
    }
    if (reply == REPLY_BUSY) /* no end of the map: half a chain would be half a device */
        return err_set(err, -ENODEV, "SunSpec: the device is busy where a model begins, at %u",
                       address);
    if (common) {
        if (reply == REPLY_FITS)
            take_common(chain, got.data);
        return ask_header(chain, request);
    }
    /* Some maps end without their end mark; what was found is there all the same. */
    return reply == REPLY_FITS ? take_header(chain, got.data, request) : 0;
}

bool sunspec_chain_same(const struct sunspec_chain *a, const struct sunspec_chain *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->links[i].id != b->links[i].id || a->links[i].address != b->links[i].address ||
            a->links[i].length != b->links[i].length)
            return false;
    }
    return true;
}
