#include "face/webhook_body.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/time_text.h"

static void add_text(struct json *json, const char *key, const char *text)
{
    if (*text)
        json_pair_text(json, key, text);
}

/* As text: 64 bits do not fit into the numbers of many readers of JSON (RFC 8259, 6). */
static void add_id(struct json *json, const char *key, uint64_t id)
{
    char text[20];
    snprintf(text, sizeof text, "%016" PRIx64, id);
    json_pair_text(json, key, text);
}

static void add_time(struct json *json, clock_us wall)
{
    char text[TIME_TEXT_SIZE];
    if (wall)
        time_text_format_utc(wall, text);
    json_pair_text(json, "time", wall ? text : NULL);
}

static void add_alarm(struct json *json, const struct notice *notice)
{
    json_pair_text(json, "change", alarm_change_name(notice->change));
    json_pair_int(json, "alarm", notice->alarm);
    json_key(json, "number");
    json_decimal(json, notice->number, notice->decimals);
    json_key(json, "limit");
    json_decimal(json, notice->limit, 6);
    json_pair_text(json, "unit", notice->unit);
}

static void add_notice(struct json *json, const struct notice *notice)
{
    json_open_object(json);
    add_id(json, "id", notice->id);
    json_pair_text(json, "kind", notice_kind_name(notice->kind));
    json_pair_text(json, "severity", alarm_severity_name(notice->severity));
    add_time(json, notice->wall);
    add_text(json, "rule", notice->rule);
    add_text(json, "path", notice->path);
    add_text(json, "label", notice->label);
    if (notice->kind == NOTICE_ALARM)
        add_alarm(json, notice);
    add_text(json, "actor", notice->actor);
    add_text(json, "origin", notice->origin);
    json_pair_text(json, "subject", notice->subject);
    json_pair_text(json, "text", notice->text);
    json_close_object(json);
}

void webhook_body_write(const char *host, const struct notify_job *job, struct buf *out)
{
    struct json json = json_writer(out);
    json_open_object(&json);
    add_id(&json, "delivery", job->id);
    json_pair_text(&json, "recipient", job->name);
    json_pair_text(&json, "site", job->site);
    json_pair_text(&json, "host", host);
    json_key(&json, "notices");
    json_open_array(&json);
    for (size_t i = 0; i < job->count; i++)
        add_notice(&json, &job->notices[i]);
    json_close_array(&json);
    json_close_object(&json);
}

int webhook_body_sign(const char *key, int64_t second, const struct buf *body,
                      char signature[WEBHOOK_SIGNATURE_SIZE])
{
    gnutls_hmac_hd_t hmac;
    unsigned char digest[32];
    char time[24];
    int length = snprintf(time, sizeof time, "%" PRId64 ".", second);
    if (gnutls_hmac_init(&hmac, GNUTLS_MAC_SHA256, key, strlen(key)) < 0)
        return -ENOMEM;
    int result = gnutls_hmac(hmac, time, (size_t)length);
    if (result == 0)
        result = gnutls_hmac(hmac, body->data, body->length);
    gnutls_hmac_deinit(hmac, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(signature + 2 * i, 3, "%02x", digest[i]);
    return result == 0 ? 0 : -EIO;
}
