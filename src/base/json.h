/* json - streaming JSON writer. (Reading is jansson's, with duplicate keys refused.)
 *
 * Writes into a buf without a tree in between. The writer keeps commas right; the caller keeps the
 * brackets balanced (asserted). Text is escaped per RFC 8259; bytes that are not UTF-8 become
 * U+FFFD, so that a device with a broken name cannot break a client.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct json {
    struct buf *out;
    bool comma; /* a value has been written at this level */
    int depth;
};

struct json json_writer(struct buf *out);

void json_open_object(struct json *json);
void json_close_object(struct json *json);
void json_open_array(struct json *json);
void json_close_array(struct json *json);

/* The key of the next value inside an object; must be plain ASCII without quotes or control
 * characters (our own names); json_key_text escapes. */
void json_key(struct json *json, const char *key);
void json_key_text(struct json *json, const char *key);

void json_text(struct json *json, const char *text); /* NULL writes null */
void json_text_n(struct json *json, const char *text, size_t length);
void json_int(struct json *json, int64_t value);
void json_decimal(struct json *json, double value, int decimals); /* not finite: null */
void json_bool(struct json *json, bool value);
void json_none(struct json *json); /* writes null; jansson has the name json_null */

/* Bytes that are valid JSON already (a prepared fragment). */
void json_raw(struct json *json, const char *bytes, size_t length);

/* key and value in one call, for the common pairs */
void json_pair_text(struct json *json, const char *key, const char *text);
void json_pair_int(struct json *json, const char *key, int64_t value);
void json_pair_bool(struct json *json, const char *key, bool value);
