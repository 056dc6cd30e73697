/* event_record - one event as it is stored, the bytes that are hashed, and the hash chain.
 *
 * Each record carries SHA-256(hash of the record before || its own bytes), so that nobody can
 * change, insert or remove one in the middle unnoticed. Who can write the file can of course write
 * a whole new chain: against that, note the newest hash elsewhere (`busbar journal verify` prints
 * it and compares). The bytes, format 1, integers little-endian:
 *
 *   u8 1 | u64 id | i64 wall us | u8 wall known | i64 mono us | u8 severity |
 *   7 x (u32 length, bytes): boot, kind, actor, origin, object, text, detail
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "engine/event_kind.h"

#define EVENT_HASH_SIZE 32
#define EVENT_HASH_TEXT (2 * EVENT_HASH_SIZE + 1)

/* Bytes that a text may have; longer ones are cut where a character ends. */
#define EVENT_NAME_MOST 128   /* kind, actor, origin */
#define EVENT_OBJECT_MOST 256 /* a path or a key */
#define EVENT_TEXT_MOST 1000
#define EVENT_DETAIL_MOST 4000 /* a longer one is left out: half a JSON is none */

/* Texts are borrowed and never NULL; "" where there is nothing to say. */
struct event_record {
    uint64_t id;         /* ascending, without gaps */
    clock_us wall, mono; /* mono counts from `boot` */
    bool wall_known;     /* else wall is meaningless */
    const char *boot;    /* the start of the machine that it belongs to */
    const char *kind;
    enum event_severity severity;
    const char *actor;  /* user, token, "file", "system" */
    const char *origin; /* address, "local", "console" */
    const char *object; /* path, key, device */
    const char *text;   /* a sentence */
    const char *detail; /* JSON */
};

/* The record's hash after `before`; `work` is a buffer to be used again. -ENOMEM, or 0. */
int event_record_hash(const struct event_record *record, const uint8_t before[EVENT_HASH_SIZE],
                      struct buf *work, uint8_t hash[EVENT_HASH_SIZE]);

void event_hash_format(const uint8_t hash[EVENT_HASH_SIZE], char text[EVENT_HASH_TEXT]);

/* False when `text` is not 64 hexadecimal digits. */
bool event_hash_parse(const char *text, uint8_t hash[EVENT_HASH_SIZE]);

/* ---- the record that explains why the file begins later than at 1 ----------------------------- */

/* The detail of an events-removed record: the last record that is not there any more, and its hash.
 */
void event_cut_write(struct buf *out, uint64_t through, const uint8_t hash[EVENT_HASH_SIZE],
                     uint64_t count);

/* False when the detail does not say so. */
bool event_cut_read(const char *detail, uint64_t *through, uint8_t hash[EVENT_HASH_SIZE]);
