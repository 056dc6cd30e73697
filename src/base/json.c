#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"

struct json json_writer(struct buf *out)
{
    return (struct json){.out = out};
}

static void before_value(struct json *json)
{
    if (json->comma)
        buf_add_char(json->out, ',');
    json->comma = true;
}

static void open_level(struct json *json, char bracket)
{
    before_value(json);
    buf_add_char(json->out, bracket);
    json->comma = false;
    json->depth++;
}

static void close_level(struct json *json, char bracket)
{
    assert(json->depth > 0);
    buf_add_char(json->out, bracket);
    json->comma = true;
    json->depth--;
}

void json_open_object(struct json *json)
{
    open_level(json, '{');
}

void json_close_object(struct json *json)
{
    close_level(json, '}');
}

void json_open_array(struct json *json)
{
    open_level(json, '[');
}

void json_close_array(struct json *json)
{
    close_level(json, ']');
}

static void add_control(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    const char escape[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    buf_add(out, escape, sizeof escape);
}

static void add_escaped(struct buf *out, const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + length, *plain = at;
    while (at < end) {
        size_t step = utf8_length((const char *)at, (size_t)(end - at));
        if (step && *at >= ' ' && *at != '"' && *at != '\\' && *at != 0x7f) {
            at += step;
            continue;
        }
        buf_add(out, plain, (size_t)(at - plain));
        if (!step)
            buf_add_text(out, "\xEF\xBF\xBD"); /* U+FFFD */
        else if (*at == '"' || *at == '\\')
            buf_add(out, (const char[]){'\\', (char)*at}, 2);
        else
            add_control(out, *at);
        plain = ++at;
    }
    buf_add(out, plain, (size_t)(at - plain));
}

void json_text_n(struct json *json, const char *text, size_t length)
{
    before_value(json);
    buf_add_char(json->out, '"');
    add_escaped(json->out, text, length);
    buf_add_char(json->out, '"');
}

void json_text(struct json *json, const char *text)
{
    if (text)
        json_text_n(json, text, strlen(text));
    else
        json_none(json);
}

void json_key(struct json *json, const char *key)
{
    before_value(json);
    buf_add_char(json->out, '"');
    buf_add_text(json->out, key);
    buf_add(json->out, "\":", 2);
    json->comma = false;
}

void json_key_text(struct json *json, const char *key)
{
    json_text(json, key);
    buf_add_char(json->out, ':');
    json->comma = false;
}

void json_int(struct json *json, int64_t value)
{
    before_value(json);
    buf_add_int(json->out, value);
}

void json_decimal(struct json *json, double value, int decimals)
{
    if (!isfinite(value)) {
        json_none(json);
        return;
    }
    before_value(json);
    buf_add_decimal(json->out, value, decimals);
}

void json_bool(struct json *json, bool value)
{
    before_value(json);
    buf_add_text(json->out, value ? "true" : "false");
}

void json_none(struct json *json)
{
    before_value(json);
    buf_add_text(json->out, "null");
}

void json_raw(struct json *json, const char *bytes, size_t length)
{
    before_value(json);
    buf_add(json->out, bytes, length);
}

void json_pair_text(struct json *json, const char *key, const char *text)
{
    json_key(json, key);
    json_text(json, text);
}

void json_pair_int(struct json *json, const char *key, int64_t value)
{
    json_key(json, key);
    json_int(json, value);
}

void json_pair_bool(struct json *json, const char *key, bool value)
{
    json_key(json, key);
    json_bool(json, value);
}
