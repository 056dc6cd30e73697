/* fuzz_notice - whatever rules, labels and answers of devices hold, what receivers are sent stays
 * lawful: one message of RFC 5424 that ends where it should, one document of JSON with our keys.
 * The input is a number of kind and severity, then texts, each up to a zero byte. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/notify_queue.h"
#include "face/syslog_message.h"
#include "face/webhook_body.h"

#define TEXTS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *skip_word(const char *at)
{
    size_t length = strcspn(at, " ");
    for (size_t i = 0; i < length; i++) {
        if (at[i] < '!' || at[i] > '~')
            abort();
    }
    if (length == 0 || at[length] != ' ')
        abort();
    return at + length + 1;
}

/* [id name="value" ...]: behind the bracket. */
static const char *skip_data(const char *at)
{
    if (strncmp(at, "[busbar@32473", 13) != 0)
        abort();
    for (at += 13; *at == ' ';) {
        at += 1 + strcspn(at + 1, "=");
        if (strncmp(at, "=\"", 2) != 0)
            abort();
        for (at += 2; *at != '"'; at++) {
            if (*at == '\\' && !*++at)
                abort();
            if (!*at || (*at == ']' && at[-1] != '\\'))
                abort();
        }
        at++;
    }
    if (*at != ']')
        abort();
    return at + 1;
}

static void check_message(const struct syslog_sender *sender, const struct notice *notice)
{
    struct buf out = BUF_EMPTY;
    syslog_message_write(sender, notice, &out);
    if (out.length > SYSLOG_MESSAGE_MOST || utf8_valid(out.data, out.length) != out.length)
        abort();
    for (size_t i = 0; i < out.length; i++) {
        if ((unsigned char)out.data[i] < ' ' || out.data[i] == 0x7F)
            abort();
    }
    const char *at = buf_text(&out);
    for (int i = 0; i < 6; i++)
        at = skip_word(at);
    if (strlen(at) < SYSLOG_MESSAGE_MOST - 600 && *skip_data(at) != ' ')
        abort();
    buf_deinit(&out);
}

static void check_body(const char *host, const struct notify_job *job)
{
    struct buf out = BUF_EMPTY;
    char signature[WEBHOOK_SIGNATURE_SIZE];
    webhook_body_write(host, job, &out);
    json_t *root = json_loadb(out.data, out.length, JSON_REJECT_DUPLICATES, NULL);
    if (!root || json_array_size(json_object_get(root, "notices")) != job->count ||
        json_object_size(root) != 5)
        abort();
    json_decref(root);
    if (webhook_body_sign(host, 1, &out, signature) != 0)
        abort();
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    char *all = calloc(1, size + TEXTS + 1);
    const char *texts[TEXTS], *at = all;
    memcpy(all, data + 4, size - 4);
    for (int i = 0; i < TEXTS; i++) {
        texts[i] = at;
        at += strlen(at) + 1;
        if (at > all + size)
            at = all + size;
    }
    const struct notice notice = {.kind = (enum notice_kind)(data[0] % NOTICE_KINDS),
                                  .severity = (enum alarm_severity)(data[1] % ALARM_SEVERITIES),
                                  .change = (enum alarm_change)(data[2] % ALARM_CHANGES),
                                  .number = data[3] / 7.0,
                                  .limit = 1.0 / (data[3] - 128.0),
                                  .decimals = data[3] % 10,
                                  .wall = data[3] * CLOCK_S,
                                  .rule = texts[0],
                                  .path = texts[1],
                                  .label = texts[2],
                                  .unit = texts[3],
                                  .actor = texts[4],
                                  .subject = texts[5],
                                  .text = texts[6]};
    struct notify_entry *entry = notify_entry_new(&notice, 1);
    const struct syslog_sender sender = {.host = texts[7], .process = 1, .facility = data[0] % 24};
    check_message(&sender, &entry->notice);
    check_body(
        texts[7],
        &(struct notify_job){
            .name = texts[0], .site = texts[1], .id = 1, .count = 1, .notices = &entry->notice});
    free(entry);
    free(all);
    return 0;
}
