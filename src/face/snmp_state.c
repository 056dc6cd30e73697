#include "face/snmp_state.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/saver.h"
#include "model/limits.h"

#define FILE_MOST (4u << 20)
/* Names of devices that are gone are remembered as long as there are not more than this. */
#define NAMES_MOST (4 * LIMIT_DEVICES)
#define NUMBER_MOST INT32_MAX
#define SAVE_AFTER (100 * CLOCK_MS) /* several devices come at once */
#define TRY_AGAIN (60 * CLOCK_S)

/* RFC 3411 SnmpEngineID: enterprise with the first bit set, 5 = octets of our own choice. 32473 is
 * for those without a number of their own (RFC 5612). */
static const uint8_t engine_head[] = {0x80, 0x00, 0x7e, 0xd9, 0x05};
#define ENGINE_OWN 12

struct number {
    char *name;
    uint32_t number;
};

struct snmp_state {
    struct loop *loop;
    struct saver *saver;
    char *file;
    uint8_t engine[SNMP_ENGINE_ID_MOST];
    size_t engine_length;
    uint32_t boots;
    clock_us started;
    bool durable, dirty;
    unsigned saving; /* on their way to the disk */
    struct loop_timer timer;
    void (*ready)(void *user);
    void *ready_user;
    struct number *numbers;
    size_t count, capacity;
    struct map by_name; /* name -> index + 1 */
    uint32_t last;      /* number given */
};

/* ---- numbers --------------------------------------------------------------------------------- */

static void keep_number(struct snmp_state *state, const char *name, uint32_t number)
{
    state->numbers =
        mem_grow(state->numbers, state->count, &state->capacity, sizeof *state->numbers);
    struct number *one = &state->numbers[state->count++];
    *one = (struct number){.name = mem_text(name), .number = number};
    map_set(&state->by_name, one->name, (void *)(uintptr_t)state->count);
    if (number > state->last)
        state->last = number;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool read_engine(struct snmp_state *state, const char *hex)
{
    size_t length = 0;
    if (!hex || sodium_hex2bin(state->engine, sizeof state->engine, hex, strlen(hex), NULL, &length,
                               NULL) != 0)
        return false;
    state->engine_length = length;
    return length >= 5; /* RFC 3411: 5 to 32 octets */
}

static bool read_numbers(struct snmp_state *state, json_t *devices)
{
    const char *name;
    json_t *number;
    json_object_foreach(devices, name, number)
    {
        json_int_t value = json_integer_value(number);
        if (value < 1 || value > NUMBER_MOST || strlen(name) > LIMIT_NAME)
            return false;
        keep_number(state, name, (uint32_t)value);
    }
    return true;
}

static bool read_text(struct snmp_state *state, const struct buf *text)
{
    json_t *root = json_loadb(text->data, text->length, JSON_REJECT_DUPLICATES, NULL);
    json_int_t boots = json_integer_value(json_object_get(root, "boots"));
    json_int_t last = json_integer_value(json_object_get(root, "last"));
    bool good = read_engine(state, json_string_value(json_object_get(root, "engine"))) &&
                boots >= 0 && boots <= NUMBER_MOST && last >= 0 && last <= NUMBER_MOST &&
                read_numbers(state, json_object_get(root, "devices"));
    state->boots = (uint32_t)boots;
    if (good && (uint32_t)last > state->last)
        state->last = (uint32_t)last;
    json_decref(root);
    return good;
}

static void forget(struct snmp_state *state)
{
    for (size_t i = 0; i < state->count; i++)
        free(state->numbers[i].name);
    free(state->numbers);
    map_deinit(&state->by_name);
    state->numbers = NULL;
    state->count = state->capacity = 0;
    state->by_name = MAP_EMPTY;
    state->last = state->boots = 0;
    state->engine_length = 0;
}

/* A new identity: whoever kept keys or counters of the old one begins anew with this one. */
static void begin_anew(struct snmp_state *state)
{
    forget(state);
    memcpy(state->engine, engine_head, sizeof engine_head);
    randombytes_buf(state->engine + sizeof engine_head, ENGINE_OWN);
    state->engine_length = sizeof engine_head + ENGINE_OWN;
}

static void set_aside(struct snmp_state *state, const char *why)
{
    struct buf aside = BUF_EMPTY;
    buf_add_format(&aside, "%s.damaged", state->file);
    rename(state->file, buf_text(&aside));
    log_error("snmp",
              "%s %s: it is now %s, and SNMP begins with a new engine id and new device numbers",
              state->file, why, buf_text(&aside));
    buf_deinit(&aside);
}

static void read_file(struct snmp_state *state)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    int result = file_read(state->file, FILE_MOST, &text, &err);
    if (result < 0 && result != -ENOENT) {
        set_aside(state, "cannot be read");
        begin_anew(state);
    } else if (result < 0) {
        begin_anew(state);
    } else if (!read_text(state, &text)) {
        set_aside(state, "cannot be understood");
        begin_anew(state);
    }
    buf_deinit(&text);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void save(struct snmp_state *state);

static void on_timer(struct loop_timer *timer, void *user)
{
    (void)timer;
    save(user);
}

static void save_soon(struct snmp_state *state, clock_us delay)
{
    state->dirty = true;
    if (!state->saving && !loop_timer_running(&state->timer))
        loop_timer_at(state->loop, &state->timer, loop_now(state->loop) + delay, on_timer, state);
}

static void write_text(const struct snmp_state *state, struct buf *out)
{
    char hex[2 * SNMP_ENGINE_ID_MOST + 1];
    struct json json = json_writer(out);
    sodium_bin2hex(hex, sizeof hex, state->engine, state->engine_length);
    json_open_object(&json);
    json_pair_text(&json, "engine", hex);
    json_pair_int(&json, "boots", state->boots);
    json_pair_int(&json, "last", state->last);
    json_key(&json, "devices");
    json_open_object(&json);
    for (size_t i = 0; i < state->count; i++)
        json_pair_int(&json, state->numbers[i].name, state->numbers[i].number);
    json_close_object(&json);
    json_close_object(&json);
    buf_add_char(out, '\n');
}

static void on_saved(void *user, const struct err *err)
{
    struct snmp_state *state = user;
    state->saving--;
    if (err->code) {
        log_error("snmp", "%s; version 3 waits until it can be written", err->text);
        save_soon(state, TRY_AGAIN);
        return;
    }
    if (state->saving) /* a later one counts */
        return;
    bool first = !state->durable;
    state->durable = true;
    if (state->dirty)
        save_soon(state, SAVE_AFTER);
    if (first && state->ready)
        state->ready(state->ready_user);
}

static void save(struct snmp_state *state)
{
    struct buf text = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    write_text(state, &text);
    state->dirty = false;
    if (saver_write(state->saver, state->file, 0600, &text, on_saved, state, &err) < 0)
        save_soon(state, TRY_AGAIN);
    else
        state->saving++;
}

/* ---- life ------------------------------------------------------------------------------------ */

/* RFC 3414 2.2.2: at its end the number stays, and nobody can sign in. */
static void count_start(struct snmp_state *state)
{
    state->started = loop_now(state->loop);
    if (state->boots < NUMBER_MOST)
        state->boots++;
    state->durable = false;
    loop_timer_stop(&state->timer);
    save(state);
}

void snmp_state_begin_again(struct snmp_state *state)
{
    if (loop_now(state->loop) - state->started > CLOCK_S)
        count_start(state);
}

struct snmp_state *snmp_state_open(struct loop *loop, struct saver *saver, const char *folder)
{
    struct snmp_state *state = mem_new(sizeof *state);
    struct buf path = BUF_EMPTY;
    buf_add_format(&path, "%s/snmp.json", folder);
    state->file = mem_text(buf_text(&path));
    buf_deinit(&path);
    state->loop = loop;
    state->saver = saver;
    read_file(state);
    count_start(state);
    return state;
}

void snmp_state_stop(struct snmp_state *state)
{
    if (!state || !state->dirty)
        return;
    loop_timer_stop(&state->timer);
    save(state); /* in turn behind the one that is being written */
}

struct snmp_state *snmp_state_close(struct snmp_state *state)
{
    if (!state)
        return NULL;
    loop_timer_stop(&state->timer);
    saver_forget(state->saver, state);
    forget(state);
    free(state->file);
    free(state);
    return NULL;
}

const uint8_t *snmp_state_engine(const struct snmp_state *state, size_t *length)
{
    *length = state->engine_length;
    return state->engine;
}

uint32_t snmp_state_boots(const struct snmp_state *state)
{
    return state->boots;
}

uint32_t snmp_state_time(const struct snmp_state *state)
{
    return (uint32_t)((loop_now(state->loop) - state->started) / CLOCK_S);
}

bool snmp_state_durable(const struct snmp_state *state)
{
    return state->durable;
}

void snmp_state_on_durable(struct snmp_state *state, void (*ready)(void *user), void *user)
{
    state->ready = ready;
    state->ready_user = user;
}

/* Past the bound the one that was given first goes: most likely its device is long gone. */
static void drop_first(struct snmp_state *state)
{
    map_remove(&state->by_name, state->numbers[0].name);
    free(state->numbers[0].name);
    state->count--;
    memmove(state->numbers, state->numbers + 1, state->count * sizeof *state->numbers);
    for (size_t i = 0; i < state->count; i++)
        map_set(&state->by_name, state->numbers[i].name, (void *)(uintptr_t)(i + 1));
}

uint32_t snmp_state_device(struct snmp_state *state, const char *name)
{
    uintptr_t at = (uintptr_t)map_get(&state->by_name, name);
    if (at)
        return state->numbers[at - 1].number;
    if (state->count >= NAMES_MOST)
        drop_first(state);
    keep_number(state, name, state->last < NUMBER_MOST ? state->last + 1 : NUMBER_MOST);
    save_soon(state, SAVE_AFTER);
    return state->numbers[state->count - 1].number;
}
