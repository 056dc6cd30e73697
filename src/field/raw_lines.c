#include "field/raw_lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/mem.h"
#include "field/field_private.h"
#include "field/raw_memory.h"
#include "wire/modbus_rtu.h"

#define WAITING_MOST 256 /* questions of clients on one line: seconds of a serial bus */
#define BUCKETS 64

/* Two questions in a row without an answer, repetitions included, are no accident; of a unit that
 * has never answered one without repetition is enough. */
#define SILENT_AFTER 2

/* A silent unit is asked once in a while, without repetition: soon at first, since most silences
 * are short, then so rarely that it is found again within the 10 s that the poller keeps to. */
#define PROBE_FIRST (CLOCK_S / 4)
#define PROBE_GROWS 4
#define PROBE_LAST (8 * CLOCK_S)

/* All silent units of a line together may take a seventh of its time. */
#define PROBE_REST 6

/* What is remembered of a unit between its transactions. */
struct raw_unit {
    const struct poller *poller; /* whose time-outs hold; NULL: the line's */
    struct raw_memory *memory;   /* NULL until somebody wants it */
    bool answered;               /* once at least */
    unsigned failures;
    clock_us wait, probe_at; /* while silent: between questions, and the next one */
    bool probing;
};

/* A question on the wire, or waiting for it, and those who want to know. */
struct raw_ask {
    struct line_request request;
    struct raw_path *path;
    struct raw_ask *next; /* of the bucket, or of the spare ones */
    struct raw_request *askers, **last;
    uint32_t sum;
    bool closed; /* a write came after it: whoever asks now wants to know what is true then */
    bool probe;
    uint8_t pdu[DRIVER_REQUEST_MAX];
};

struct raw_path {
    struct raw_path *next;
    struct raw_lines *lines;
    struct line *line;
    char *name;
    bool seen;
    clock_us probe_at; /* before that no silent unit is asked */
    size_t waiting;
    struct raw_unit *units[256];
    struct raw_ask *buckets[BUCKETS];
};

struct raw_lines {
    struct loop *loop;
    struct field *field;
    struct raw_path *paths;
    struct raw_ask *spare;
};

static struct raw_unit *unit_of(struct raw_path *path, uint8_t unit)
{
    if (!path->units[unit])
        path->units[unit] = mem_new(sizeof *path->units[unit]);
    return path->units[unit];
}

/* ---- questions ------------------------------------------------------------------------------- */

static struct raw_ask *take_spare(struct raw_lines *lines)
{
    struct raw_ask *ask = lines->spare;
    if (!ask)
        return malloc(sizeof *ask);
    lines->spare = ask->next;
    return ask;
}

static void unlink_ask(struct raw_ask *ask)
{
    struct raw_ask **at = &ask->path->buckets[ask->sum % BUCKETS];
    while (*at != ask)
        at = &(*at)->next;
    *at = ask->next;
    ask->path->waiting--;
}

static void give_back(struct raw_ask *ask)
{
    struct raw_lines *lines = ask->path->lines;
    ask->next = lines->spare;
    lines->spare = ask;
}

static void end_request(struct raw_request *request, enum raw_outcome outcome, enum raw_way way,
                        const uint8_t *pdu, size_t length)
{
    request->ask = NULL;
    request->way = way;
    request->done(request, outcome, pdu, length);
}

/* Everybody hears the same. Who is told may cancel others or ask anew. */
static void tell(struct raw_ask *ask, enum raw_outcome outcome, const uint8_t *pdu, size_t length)
{
    enum raw_way way = ask->askers && ask->askers->next ? RAW_MERGED : RAW_ASKED;
    while (ask->askers) {
        struct raw_request *request = ask->askers;
        ask->askers = request->next;
        if (!ask->askers)
            ask->last = &ask->askers;
        end_request(request, outcome, way, pdu, length);
    }
}

static void on_silence(struct raw_ask *ask)
{
    struct raw_unit *unit = unit_of(ask->path, ask->request.unit);
    unit->failures = unit->answered ? unit->failures + 1 : SILENT_AFTER;
    if (unit->failures < SILENT_AFTER)
        return;
    clock_us now = loop_now(ask->path->lines->loop);
    unit->wait = unit->wait ? unit->wait * PROBE_GROWS : PROBE_FIRST;
    if (unit->wait > PROBE_LAST)
        unit->wait = PROBE_LAST;
    unit->probe_at = now + unit->wait;
    ask->path->probe_at = now + PROBE_REST * (now - ask->request.first_sent);
}

static void on_done(struct line_request *request, const struct driver_answer *answer)
{
    static const enum raw_outcome outcomes[] = {
        [DRIVER_ANSWERED] = RAW_ANSWERED,
        [DRIVER_TIMED_OUT] = RAW_SILENT,
        [DRIVER_LINE_DOWN] = RAW_NO_PATH,
    };
    struct raw_ask *ask = request->user;
    if (ask->probe)
        unit_of(ask->path, request->unit)->probing = false;
    if (answer->result == DRIVER_TIMED_OUT)
        on_silence(ask);
    unlink_ask(ask);
    tell(ask, outcomes[answer->result], answer->bytes, answer->length);
    give_back(ask);
}

/* What is known of a unit, or of all, has been written to, and may not be true any more. */
static void forget(struct raw_path *path, uint8_t unit)
{
    bool all = unit == MODBUS_RTU_BROADCAST;
    for (size_t i = all ? 0 : unit; i <= (all ? 255u : unit); i++) {
        if (path->units[i] && path->units[i]->memory)
            raw_memory_forget(path->units[i]->memory);
    }
}

/* Whoever asked: the unit is there, and what it said may be of use to others. A write that nobody
 * answered may have been done all the same. */
static void on_heard(void *user, const struct line_request *request,
                     const struct driver_answer *answer)
{
    struct raw_path *path = user;
    struct raw_unit *unit = path->units[request->unit];
    struct modbus_pdu_request asked;
    struct modbus_pdu_answer said;
    if (request->write)
        forget(path, request->unit);
    if (!unit || answer->result != DRIVER_ANSWERED)
        return;
    unit->answered = true;
    unit->failures = 0;
    unit->wait = 0;
    if (request->write || !unit->memory ||
        modbus_pdu_request_parse(request->pdu, request->length, &asked) != 0 ||
        modbus_pdu_answer_check(&asked, answer->bytes, answer->length, &said) != MODBUS_PDU_FITS)
        return;
    raw_memory_keep(unit->memory, &asked, &said, answer->mono);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static struct raw_ask *find_equal(struct raw_path *path, const struct raw_request *request,
                                  uint32_t sum)
{
    struct raw_ask *ask = path->buckets[sum % BUCKETS];
    while (ask && (ask->sum != sum || ask->closed || ask->request.write ||
                   ask->request.unit != request->unit || ask->request.length != request->length ||
                   memcmp(ask->pdu, request->pdu, request->length) != 0))
        ask = ask->next;
    return ask;
}

static bool remembered(struct raw_path *path, struct raw_request *request)
{
    struct raw_unit *unit = unit_of(path, request->unit);
    struct modbus_pdu_request asked;
    uint8_t pdu[MODBUS_PDU_MAX];
    if (!unit->memory) {
        unit->memory = calloc(1, sizeof *unit->memory); /* without it everything is asked */
        return false;
    }
    if (modbus_pdu_request_parse(request->pdu, request->length, &asked) != 0)
        return false;
    clock_us since = loop_now(path->lines->loop) - request->max_age;
    size_t length = raw_memory_answer(unit->memory, &asked, since, pdu);
    if (length)
        end_request(request, RAW_ANSWERED, RAW_REMEMBERED, pdu, length);
    return length > 0;
}

/* What was read before a write is not true after it; a broadcast writes to all. */
static void close_reads(struct raw_path *path, uint8_t unit)
{
    bool all = unit == MODBUS_RTU_BROADCAST;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct raw_ask *ask = path->buckets[i]; ask; ask = ask->next)
            ask->closed |= all || ask->request.unit == unit;
    }
    forget(path, unit);
}

static void fill(struct raw_ask *ask, const struct raw_request *wish, bool probe)
{
    struct raw_unit *unit = unit_of(ask->path, wish->unit);
    struct line_request *request = &ask->request;
    *request = (struct line_request){.retries = -1};
    if (unit->poller)
        poller_fill_request(unit->poller, &(struct driver_request){.length = 0}, request);
    memcpy(ask->pdu, wish->pdu, wish->length);
    request->unit = wish->unit;
    request->urgency = wish->write ? LINE_CONTROL : LINE_GATEWAY;
    request->client = wish->client;
    request->pdu = ask->pdu;
    request->length = wish->length;
    request->write = wish->write;
    request->done = on_done;
    request->user = ask;
    if (probe || !unit->answered)
        request->retries = 0;
    ask->probe = unit->probing = probe;
}

static void add_asker(struct raw_ask *ask, struct raw_request *request)
{
    request->ask = ask;
    request->next = NULL;
    *ask->last = request;
    ask->last = &request->next;
}

static void ask_line(struct raw_path *path, struct raw_request *request, uint32_t sum, bool probe)
{
    struct raw_ask *ask = path->waiting < WAITING_MOST ? take_spare(path->lines) : NULL;
    if (!ask) {
        end_request(request, RAW_BUSY, RAW_ASKED, NULL, 0);
        return;
    }
    *ask = (struct raw_ask){.path = path, .sum = sum, .next = path->buckets[sum % BUCKETS]};
    ask->last = &ask->askers;
    path->buckets[sum % BUCKETS] = ask;
    path->waiting++;
    fill(ask, request, probe);
    add_asker(ask, request);
    line_submit(path->line, &ask->request);
}

/* Whether unit 0 there is a broadcast: behind a Modbus TCP address it is that device itself. */
static bool is_serial(const struct line *line)
{
    int64_t kind = line_settings_of(line)->kind;
    return kind == LINE_MODBUS_RTU || kind == LINE_RTU_OVER_TCP;
}

static void submit(void *user, struct raw_request *request)
{
    struct raw_path *path = request->path;
    (void)user;
    bool broadcast = request->unit == MODBUS_RTU_BROADCAST;
    if (!path || !request->length || request->length > DRIVER_REQUEST_MAX ||
        (broadcast && !is_serial(path->line))) {
        end_request(request, RAW_NO_PATH, RAW_ASKED, NULL, 0);
        return;
    }
    uint32_t sum = crc32c(request->unit, request->pdu, request->length);
    struct raw_ask *equal = request->write ? NULL : find_equal(path, request, sum);
    if (request->write)
        close_reads(path, request->unit);
    else if (request->max_age > 0 && remembered(path, request))
        return;
    if (equal) {
        add_asker(equal, request);
        return;
    }
    const struct raw_unit *unit = unit_of(path, request->unit);
    clock_us now = loop_now(path->lines->loop);
    bool silent = unit->failures >= SILENT_AFTER;
    if (silent && (unit->probing || now < unit->probe_at || now < path->probe_at)) {
        end_request(request, RAW_SILENT, RAW_WITHHELD, NULL, 0);
        return;
    }
    ask_line(path, request, sum, silent);
}

static bool cancel(void *user, struct raw_request *request)
{
    struct raw_ask *ask = request->ask;
    (void)user;
    if (!ask)
        return false;
    struct raw_request **at = &ask->askers;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    if (ask->last == &request->next)
        ask->last = at;
    request->ask = NULL;
    bool sent = !ask->request.queued;
    if (ask->askers)
        return sent;
    if (ask->probe)
        unit_of(ask->path, ask->request.unit)->probing = false;
    if (ask->request.write) /* its end will not be heard, so what is known ends now */
        forget(ask->path, ask->request.unit);
    line_cancel(&ask->request);
    unlink_ask(ask);
    give_back(ask);
    return sent;
}

/* ---- paths ----------------------------------------------------------------------------------- */

static struct raw_path *find_path(const struct raw_lines *lines, const char *name)
{
    struct raw_path *path = lines->paths;
    while (path && strcmp(path->name, name) != 0)
        path = path->next;
    return path;
}

static struct raw_path *find(void *user, const char *line)
{
    return find_path(user, line);
}

static bool speaks_modbus(const struct line *line)
{
    return is_serial(line) || line_settings_of(line)->kind == LINE_MODBUS_TCP;
}

static struct raw_unit *free_unit(struct raw_unit *unit)
{
    if (unit)
        free(unit->memory);
    free(unit);
    return NULL;
}

static void free_path(struct raw_path *path)
{
    for (size_t i = 0; i < 256; i++)
        free_unit(path->units[i]);
    free(path->name);
    free(path);
}

/* The questions of a line that goes have ended with it. */
static void sweep(struct raw_lines *lines)
{
    struct raw_path **at = &lines->paths;
    while (*at) {
        struct raw_path *path = *at;
        if (path->seen) {
            at = &path->next;
        } else {
            *at = path->next;
            free_path(path);
        }
    }
}

static void look_at_line(void *user, const struct field_line *found)
{
    struct raw_lines *lines = user;
    struct line *line = field_line_find(lines->field, found->name);
    if (!speaks_modbus(line))
        return;
    struct raw_path *path = find_path(lines, found->name);
    if (!path) {
        path = mem_new(sizeof *path);
        path->lines = lines;
        path->name = mem_text(found->name);
        path->next = lines->paths;
        lines->paths = path;
    }
    /* Other settings may lead to other devices: nothing that is known of the old ones holds. A line
     * is replaced while the old one is still there, so the two never have one address. */
    bool anew = path->line != line;
    path->seen = true;
    path->line = line;
    line_listen(line, on_heard, path);
    for (size_t i = 0; i < 256; i++) {
        if (path->units[i] && anew)
            path->units[i] = free_unit(path->units[i]);
        else if (path->units[i])
            path->units[i]->poller = NULL;
    }
}

void raw_lines_refresh(struct raw_lines *lines)
{
    for (struct raw_path *path = lines->paths; path; path = path->next)
        path->seen = false;
    field_lines_each(lines->field, look_at_line, lines);
    sweep(lines);
    for (const struct poller *poller = lines->field->pollers; poller; poller = poller->next) {
        struct raw_path *path = poller->line ? find_path(lines, line_name(poller->line)) : NULL;
        if (path && poller->settings.unit >= 0 && poller->settings.unit < 256)
            unit_of(path, (uint8_t)poller->settings.unit)->poller = poller;
    }
}

struct raw_lines *raw_lines_new(struct loop *loop, struct field *field)
{
    struct raw_lines *lines = mem_new(sizeof *lines);
    lines->loop = loop;
    lines->field = field;
    raw_lines_refresh(lines);
    return lines;
}

struct raw_lines *raw_lines_free(struct raw_lines *lines)
{
    if (!lines)
        return NULL;
    for (struct raw_path *path = lines->paths; path; path = path->next) {
        path->seen = false;
        line_listen(path->line, NULL, NULL);
    }
    sweep(lines);
    while (lines->spare) {
        struct raw_ask *ask = lines->spare;
        lines->spare = ask->next;
        free(ask);
    }
    free(lines);
    return NULL;
}

struct raw_door raw_lines_door(struct raw_lines *lines)
{
    return (struct raw_door){.find = find, .submit = submit, .cancel = cancel, .user = lines};
}
