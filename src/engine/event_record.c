#include "engine/event_record.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "base/json.h"

#define RECORD_FORMAT 1

_Static_assert(EVENT_HASH_SIZE == crypto_hash_sha256_BYTES, "libsodium's size");

/* ---- bytes ----------------------------------------------------------------------------------- */

static void add_integer(struct buf *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_add_char(out, (char)(value >> (8 * i) & 0xff));
}

static void add_text(struct buf *out, const char *text)
{
    size_t length = strlen(text);
    add_integer(out, length, 4);
    buf_add(out, text, length);
}

/* Append the bytes that are hashed. */
static void encode(struct buf *out, const struct event_record *record)
{
    add_integer(out, RECORD_FORMAT, 1);
    add_integer(out, record->id, 8);
    add_integer(out, (uint64_t)record->wall, 8);
    add_integer(out, record->wall_known, 1);
    add_integer(out, (uint64_t)record->mono, 8);
    add_integer(out, record->severity, 1);
    const char *const texts[] = {record->boot,   record->kind, record->actor, record->origin,
                                 record->object, record->text, record->detail};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        add_text(out, texts[i]);
}

int event_record_hash(const struct event_record *record, const uint8_t before[EVENT_HASH_SIZE],
                      struct buf *work, uint8_t hash[EVENT_HASH_SIZE])
{
    buf_clear(work);
    buf_add(work, before, EVENT_HASH_SIZE);
    encode(work, record);
    if (work->failed)
        return -ENOMEM;
    crypto_hash_sha256(hash, (const uint8_t *)work->data, work->length);
    return 0;
}

/* ---- hashes as text -------------------------------------------------------------------------- */

void event_hash_format(const uint8_t hash[EVENT_HASH_SIZE], char text[EVENT_HASH_TEXT])
{
    sodium_bin2hex(text, EVENT_HASH_TEXT, hash, EVENT_HASH_SIZE);
}

bool event_hash_parse(const char *text, uint8_t hash[EVENT_HASH_SIZE])
{
    size_t length = 0;
    return strlen(text) == EVENT_HASH_TEXT - 1 &&
           sodium_hex2bin(hash, EVENT_HASH_SIZE, text, EVENT_HASH_TEXT - 1, NULL, &length, NULL) ==
               0 &&
           length == EVENT_HASH_SIZE;
}

/* ---- cuts ------------------------------------------------------------------------------------ */

void event_cut_write(struct buf *out, uint64_t through, const uint8_t hash[EVENT_HASH_SIZE],
                     uint64_t count)
{
    char text[EVENT_HASH_TEXT];
    event_hash_format(hash, text);
    struct json json = json_writer(out);
    json_open_object(&json);
    json_pair_int(&json, "through", (int64_t)through);
    json_pair_text(&json, "hash", text);
    json_pair_int(&json, "count", (int64_t)count);
    json_close_object(&json);
}

bool event_cut_read(const char *detail, uint64_t *through, uint8_t hash[EVENT_HASH_SIZE])
{
    json_t *object = json_loads(detail, JSON_REJECT_DUPLICATES, NULL);
    const json_t *number = json_object_get(object, "through");
    const char *text = json_string_value(json_object_get(object, "hash"));
    bool is_cut = json_is_integer(number) && json_integer_value(number) >= 0 && text &&
                  event_hash_parse(text, hash);
    if (is_cut)
        *through = (uint64_t)json_integer_value(number);
    json_decref(object);
    return is_cut;
}
