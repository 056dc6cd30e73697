#include "face/mail.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/notify.h"
#include "engine/notify_recipient.h"
#include "face/mail_letter.h"
#include "face/mail_settings.h"
#include "face/mail_transfer.h"
#include "model/config.h"

/* Sent together in one mail when they have been waiting. */
#define TOGETHER_MOST 50
/* Alarms seldom come alone: a connection is kept so long for the next mail. Far below the five
 * minutes that servers wait for a command (RFC 5321, 4.5.3.2.7). */
#define LINGER (4 * CLOCK_S)
/* Jobs of which some addresses have been served. */
#define PARTS 32

struct outgoing {
    struct outgoing *next;
    struct notify_job *job;
};

/* One mail after the other. */
struct lane {
    struct mail *mail;
    struct outgoing *first; /* is under way when `busy` */
    bool busy, sending;     /* sending: its transfer has begun */
    struct mail_letter_task *writing;
    struct buf message;
    char *to; /* a copy: settings may change while it is sent */
    struct mail_transfer transfer;
    struct loop_timer linger;
};

enum { LANE_NOTICES, LANE_REPORTS, LANES };

struct part {
    uint64_t job;
    mail_mask done_with;
};

struct mail {
    struct mail_context context;
    const struct config *config;
    const struct mail_settings *settings;
    struct notify_route route;
    struct lane lanes[LANES];
    struct part parts[PARTS];
    size_t next_part;
    char *host, *page;
    char from[MAIL_ADDRESS_MOST + 1];
};

static void run(struct lane *lane);

/* ---- jobs that are partly done --------------------------------------------------------------- */

static struct part *find_part(struct mail *mail, uint64_t job)
{
    for (size_t i = 0; i < PARTS; i++) {
        if (mail->parts[i].done_with && mail->parts[i].job == job)
            return &mail->parts[i];
    }
    return NULL;
}

static void keep_part(struct mail *mail, uint64_t job, mail_mask done_with)
{
    struct part *part = find_part(mail, job);
    if (!part)
        part = &mail->parts[mail->next_part++ % PARTS];
    *part = (struct part){.job = job, .done_with = done_with};
}

/* ---- a lane ---------------------------------------------------------------------------------- */

static void drop_message(struct lane *lane)
{
    buf_deinit(&lane->message);
    free(lane->to);
    lane->to = NULL;
}

/* Whatever is under way for the first one is dropped. */
static void stop(struct lane *lane)
{
    lane->writing = mail_letter_cancel(lane->writing);
    if (lane->busy)
        mail_transfer_cancel(&lane->transfer);
    drop_message(lane);
    lane->busy = lane->sending = false;
}

static void finish(struct lane *lane, enum notify_outcome outcome, const char *words)
{
    struct outgoing *first = lane->first;
    struct notify_job *job = first->job;
    lane->first = first->next;
    lane->busy = lane->sending = false;
    drop_message(lane);
    free(first);
    notify_done(lane->mail->context.notify, job, outcome, words);
    run(lane);
}

/* ---- to the server --------------------------------------------------------------------------- */

static void on_sent(void *user, const struct mail_result *result)
{
    struct lane *lane = user;
    const struct notify_job *job = lane->first->job;
    struct part *part = find_part(lane->mail, job->id);
    lane->writing = mail_letter_cancel(lane->writing);
    if (result->outcome == NOTIFY_LATER && result->done_with)
        keep_part(lane->mail, job->id, result->done_with);
    else if (result->outcome != NOTIFY_LATER && part)
        *part = (struct part){0};
    struct buf words = BUF_EMPTY;
    finish(lane, result->outcome,
           mail_dialogue_words(&lane->transfer.dialogue, result->words, &words));
    buf_deinit(&words);
}

/* With the message, or ahead of it. */
static void dispatch(struct lane *lane)
{
    const struct mail *mail = lane->mail;
    const struct notify_job *job = lane->first->job;
    const struct part *part = find_part(lane->mail, job->id);
    lane->to = mem_text(job->recipient->address);
    lane->sending = true;
    lane->transfer.dialogue.keep = notify_job_is_test(job);
    mail_transfer_start(&lane->transfer,
                        &(struct mail_letter){.settings = mail->settings,
                                              .host = mail->host,
                                              .from = mail->from,
                                              .to = lane->to,
                                              .done_with = part ? part->done_with : 0,
                                              .message = lane->writing ? NULL : &lane->message,
                                              .stay = !notify_job_is_test(job)},
                        on_sent, lane);
}

static void on_written(void *user, struct buf *message_take, const char *never)
{
    struct lane *lane = user;
    lane->writing = NULL;
    if (!message_take) {
        if (lane->sending)
            mail_transfer_cancel(&lane->transfer);
        finish(lane, never ? NOTIFY_NEVER : NOTIFY_LATER,
               never ? never : "there is not enough memory to write the mail");
        return;
    }
    lane->message = *message_take;
    if (lane->sending)
        mail_transfer_give(&lane->transfer, &lane->message);
    else
        dispatch(lane);
}

/* ---- beginning ------------------------------------------------------------------------------- */

static bool has_address(const struct recipient *recipient)
{
    const char *at = recipient->address, *address;
    for (size_t length; (length = mail_address_next(&at, &address)) > 0;) {
        if (mail_address_valid(address, length))
            return true;
    }
    return false;
}

static void on_linger(struct loop_timer *timer, void *user)
{
    struct lane *lane = user;
    (void)timer;
    if (!lane->busy)
        mail_transfer_cancel(&lane->transfer);
}

static void begin(struct lane *lane)
{
    struct mail *mail = lane->mail;
    const struct notify_job *job = lane->first->job;
    const char *page = mail->settings->page;
    if (!*mail->settings->server) {
        finish(lane, NOTIFY_LATER, "no mail server is set; give one in mail.server");
        return;
    }
    if (!has_address(job->recipient)) {
        finish(lane, NOTIFY_NEVER, "no address of this recipient can be written to");
        return;
    }
    const struct mail_letter_wish wish = {
        .context = &mail->context,
        .config = mail->config,
        .job = job,
        .from = mail->from,
        .page = *page ? page : mail->page,
    };
    lane->writing = mail_letter_start(&wish, on_written, lane);
    if (!lane->writing)
        finish(lane, NOTIFY_LATER, "there is not enough memory to write the mail");
    else if (lane != &mail->lanes[LANE_REPORTS])
        dispatch(lane); /* the server is told sender and recipients while the picture is made */
}

static void run(struct lane *lane)
{
    struct loop *loop = lane->mail->context.loop;
    if (lane->busy)
        return;
    if (!lane->first) {
        loop_timer_at(loop, &lane->linger, loop_now(loop) + LINGER, on_linger, lane);
        return;
    }
    lane->busy = true;
    begin(lane);
}

/* ---- the route ------------------------------------------------------------------------------- */

static struct lane *lane_for(struct mail *mail, const struct notify_job *job)
{
    return &mail->lanes[job->notices[0].kind == NOTICE_REPORT ? LANE_REPORTS : LANE_NOTICES];
}

static void on_send(void *user, struct notify_job *job)
{
    struct mail *mail = user;
    struct lane *lane = lane_for(mail, job);
    struct outgoing *outgoing = calloc(1, sizeof *outgoing);
    if (!outgoing) {
        notify_done(mail->context.notify, job, NOTIFY_LATER, "there is not enough memory");
        return;
    }
    outgoing->job = job;
    struct outgoing **last = &lane->first;
    while (*last)
        last = &(*last)->next;
    *last = outgoing;
    run(lane);
}

static void on_abandon(void *user, struct notify_job *job)
{
    struct mail *mail = user;
    struct lane *lane = lane_for(mail, job);
    if (lane->first && lane->first->job == job) {
        stop(lane);
        finish(lane, NOTIFY_LATER, "the settings have changed");
        return;
    }
    for (struct outgoing **at = &lane->first; *at; at = &(*at)->next) {
        struct outgoing *one = *at;
        if (one->job != job)
            continue;
        *at = one->next;
        free(one);
        notify_done(mail->context.notify, job, NOTIFY_LATER, "the settings have changed");
        return;
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

static void take_settings(struct mail *mail, const struct config *config)
{
    mail->config = config;
    mail->settings = config_record(config, &mail_settings_table);
    if (*mail->settings->from)
        snprintf(mail->from, sizeof mail->from, "%s", mail->settings->from);
    else
        snprintf(mail->from, sizeof mail->from, "busbar@%.200s", mail->host);
}

/* What may stand in a greeting and behind an "@": names of machines hold other things, too. */
static char *clean_host(const char *host)
{
    char *clean = mem_text(host);
    for (char *at = clean; *at; at++) {
        if (!isalnum((unsigned char)*at) && *at != '.' && (*at != '-' || at == clean || !at[1]))
            *at = 'x';
    }
    return clean;
}

struct mail *mail_open(const struct mail_context *context, const struct config *config)
{
    struct mail *mail = mem_new(sizeof *mail);
    mail->context = *context;
    mail->host = clean_host(context->host);
    mail->page = mem_text(context->page);
    mail->context.host = mail->host;
    mail->context.page = mail->page;
    take_settings(mail, config);
    for (size_t i = 0; i < LANES; i++) {
        mail->lanes[i].mail = mail;
        mail->lanes[i].linger = LOOP_TIMER_EMPTY;
        mail_transfer_init(&mail->lanes[i].transfer, context->loop);
    }
    mail->route = (struct notify_route){
        .kind = recipient_kind_name(RECIPIENT_MAIL),
        .most = TOGETHER_MOST,
        .send = on_send,
        .abandon = on_abandon,
        .user = mail,
    };
    notify_route_add(context->notify, &mail->route);
    return mail;
}

struct mail *mail_close(struct mail *mail)
{
    if (!mail)
        return NULL;
    notify_route_remove(mail->context.notify, &mail->route);
    for (size_t i = 0; i < LANES; i++) {
        stop(&mail->lanes[i]);
        loop_timer_stop(&mail->lanes[i].linger);
        mail_transfer_deinit(&mail->lanes[i].transfer);
    }
    free(mail->host);
    free(mail->page);
    free(mail);
    return NULL;
}

/* What is under way borrows the settings: it begins again with the new ones, unless they say the
 * same about mail; then only a letter that is being written does. */
void mail_configure(struct mail *mail, const struct config *config)
{
    const struct mail_settings *before = mail->settings;
    take_settings(mail, config);
    bool same = mail_settings_same(before, mail->settings);
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &mail->lanes[i];
        bool written = lane->busy && !lane->writing;
        lane->transfer.pop_until = same ? lane->transfer.pop_until : 0;
        if (written && same) {
            lane->transfer.letter.settings = mail->settings;
            lane->transfer.session.way.settings = mail->settings;
            continue;
        }
        if (!same)
            mail_transfer_cancel(&lane->transfer); /* a connection that is kept, too */
        stop(lane);
        run(lane);
    }
}
