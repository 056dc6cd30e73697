#include "field/scan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/modbus_pdu.h"
#include "wire/modbus_rtu.h"

#define SCAN_CLIENT UINT32_MAX /* number among the clients of the line's lowest class */

/* One address being asked. */
struct probe {
    struct scan *scan;
    struct line_request request;
    uint8_t unit;
    size_t asked; /* index of the request */
    bool known;   /* found; now the user's own questions go out */
    struct driver_request more;
};

struct scan {
    struct line *line;
    struct scan_options options;
    struct driver_request *requests;
    size_t request_count;
    int next; /* address */
    size_t width, active;
    struct probe *probes;
};

static void ask(struct probe *probe)
{
    const struct driver_request *what =
        probe->known ? &probe->more : &probe->scan->requests[probe->asked];
    probe->request.unit = probe->unit;
    probe->request.pdu = what->bytes;
    probe->request.length = what->length;
    probe->request.timeout = what->timeout ? what->timeout : probe->scan->options.timeout;
    line_submit(probe->scan->line, &probe->request);
}

static struct scan *release(struct scan *scan)
{
    free(scan->requests);
    free(scan->probes);
    free(scan);
    return NULL;
}

static void finish(struct scan *scan, const char *problem)
{
    for (size_t i = 0; i < scan->width; i++)
        line_cancel(&scan->probes[i].request);
    scan->options.done(scan->options.user, problem);
    release(scan);
}

/* Gives the probe the next address; false when there is none. */
static bool advance(struct probe *probe)
{
    struct scan *scan = probe->scan;
    if (scan->next > scan->options.last)
        return false;
    probe->unit = (uint8_t)scan->next++;
    probe->asked = 0;
    probe->known = false;
    ask(probe);
    return true;
}

static void tell_found(struct probe *probe, const struct driver_answer *answer)
{
    const struct scan_found found = {
        .unit = probe->unit,
        .request = probe->asked,
        .bytes = answer->bytes,
        .length = answer->length,
        .latency = loop_now(line_loop(probe->scan->line)) - answer->mono,
    };
    if (probe->scan->options.found)
        probe->scan->options.found(probe->scan->options.user, &found);
}

/* A gateway that says "no answer" (10, 11) has not found anybody. */
static bool is_answer(const struct scan *scan, const struct driver_answer *answer)
{
    if (answer->result != DRIVER_ANSWERED)
        return false;
    bool refused = answer->length >= 2 && answer->bytes[0] & MODBUS_PDU_EXCEPTION_FLAG;
    return !refused || line_settings_of(scan->line)->kind != LINE_MODBUS_TCP ||
           (answer->bytes[1] != MODBUS_PDU_PATH_UNAVAILABLE &&
            answer->bytes[1] != MODBUS_PDU_TARGET_SILENT);
}

static bool has_more(struct probe *probe)
{
    const struct scan_options *options = &probe->scan->options;
    probe->more = (struct driver_request){0};
    return options->plan && options->plan(options->user, probe->unit, &probe->more);
}

static void on_done(struct line_request *request, const struct driver_answer *answer)
{
    struct probe *probe = request->user;
    struct scan *scan = probe->scan;
    if (answer->result == DRIVER_LINE_DOWN) {
        finish(scan, *line_reason(scan->line) ? line_reason(scan->line) : "the line was closed");
        return;
    }
    if (probe->known) {
        scan->options.answer(scan->options.user, probe->unit, &probe->more, answer);
    } else if (is_answer(scan, answer)) {
        tell_found(probe, answer);
        probe->known = true;
    } else if (++probe->asked < scan->request_count) {
        ask(probe);
        return;
    }
    if (probe->known && has_more(probe)) {
        ask(probe);
        return;
    }
    if (scan->options.tried)
        scan->options.tried(scan->options.user, probe->unit);
    if (!advance(probe) && --scan->active == 0)
        finish(scan, NULL);
}

static void copy_requests(struct scan *scan)
{
    static const struct driver_request harmless[] = {
        {.bytes = {MODBUS_PDU_READ_HOLDING, 0, 0, 0, 1}, .length = 5},
        {.bytes = {MODBUS_PDU_READ_INPUT, 0, 0, 0, 1}, .length = 5},
    };
    const struct driver_request *from = scan->options.requests;
    scan->request_count = scan->options.request_count;
    if (!scan->request_count) {
        from = harmless;
        scan->request_count = sizeof harmless / sizeof *harmless;
    }
    scan->requests = mem_new(scan->request_count * sizeof *scan->requests);
    memcpy(scan->requests, from, scan->request_count * sizeof *scan->requests);
    scan->options.requests = NULL;
}

struct scan *scan_start(struct line *line, const struct scan_options *options)
{
    struct scan *scan = mem_new(sizeof *scan);
    scan->line = line;
    scan->options = *options;
    if (!options->first && !options->last) {
        scan->options.first = 1;
        scan->options.last = MODBUS_RTU_UNIT_MAX;
    }
    assert(scan->options.first <= scan->options.last && options->done);
    copy_requests(scan);
    scan->next = scan->options.first;
    const struct line_settings *settings = line_settings_of(line);
    bool several = settings->kind == LINE_MODBUS_TCP && !options->plan;
    scan->width = several ? (size_t)settings->in_flight : 1;
    scan->probes = mem_new(scan->width * sizeof *scan->probes);
    for (size_t i = 0; i < scan->width; i++) {
        struct probe *probe = &scan->probes[i];
        probe->scan = scan;
        probe->request = (struct line_request){
            .urgency = LINE_GATEWAY,
            /* Probes are clients of their own, so that one that must wait does not hold the
             * others. */
            .client = SCAN_CLIENT - (uint32_t)i,
            .done = on_done,
            .user = probe,
        };
        if (advance(probe))
            scan->active++;
    }
    return scan;
}

struct scan *scan_cancel(struct scan *scan)
{
    if (!scan)
        return NULL;
    for (size_t i = 0; i < scan->width; i++)
        line_cancel(&scan->probes[i].request);
    return release(scan);
}
