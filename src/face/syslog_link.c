#include "face/syslog_link.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/syslog_connection.h"

#define WHOLE_MOST (30 * CLOCK_S)    /* for all of a job, from the name to the acknowledgement */
#define REFUSAL_WAIT (20 * CLOCK_MS) /* for what comes back to the first messages */
#define ACK_LOOK_FIRST CLOCK_MS
#define ACK_LOOK_LONGEST (200 * CLOCK_MS)

struct syslog_link {
    struct loop *loop;
    syslog_link_fn *done;
    void *user;
    struct syslog_connection way;
    /* the job */
    struct buf message; /* being filled in */
    struct buf out;     /* with counts of octets, or for datagrams with their lengths as uint32_t */
    size_t sent;
    bool busy, waits_for_ack, fresh; /* fresh: the connection was made for this job */
    bool taken; /* neither refusal nor end came back to the first message of this connection */
    struct loop_timer whole, look;
    clock_us look_after;
    struct loop_defer report;
    char problem[300];
    struct mail_dialogue dialogue; /* of a test */
};

/* ---- ends ------------------------------------------------------------------------------------ */

static void end_job(struct syslog_link *link)
{
    loop_timer_stop(&link->whole);
    loop_timer_stop(&link->look);
    loop_defer_cancel(&link->report);
    link->busy = link->way.busy = link->waits_for_ack = false;
    link->sent = 0;
    buf_clear(&link->out);
}

static void on_report(struct loop_defer *defer, void *user)
{
    struct syslog_link *link = user;
    (void)defer;
    end_job(link);
    link->done(link->user, *link->problem ? link->problem : NULL);
}

/* Whatever happens to the connection from now on is not this job's affair. */
static void succeed(struct syslog_link *link)
{
    end_job(link);
    link->problem[0] = '\0';
    loop_defer(link->loop, &link->report, on_report, link);
}

static void connect_anew(struct syslog_link *link)
{
    link->fresh = true;
    syslog_connection_open(&link->way);
}

/* A connection that was there before the job may have died unseen: then all goes once more by a
 * new one. */
static void on_failed(void *user, const char *words)
{
    struct syslog_link *link = user;
    loop_timer_stop(&link->look);
    link->waits_for_ack = false;
    link->sent = 0;
    if (link->busy && !link->fresh) {
        connect_anew(link);
        return;
    }
    if (!link->busy)
        return;
    snprintf(link->problem, sizeof link->problem, "%.100s port %d: %.150s", link->way.host,
             link->way.port, words);
    loop_defer(link->loop, &link->report, on_report, link);
}

static void fail(struct syslog_link *link, const char *words)
{
    syslog_connection_note(&link->way, "%s", words);
    syslog_connection_close(&link->way);
    on_failed(link, words);
}

static void on_whole(struct loop_timer *timer, void *user)
{
    struct syslog_link *link = user;
    (void)timer;
    link->fresh = true;
    fail(link, "it did not take the messages within 30 s");
}

/* ---- what has arrived ------------------------------------------------------------------------ */

static void on_look(struct loop_timer *timer, void *user)
{
    struct syslog_link *link = user;
    int code = syslog_connection_error(&link->way);
    if (code) {
        link->fresh |= link->way.transport == RECIPIENT_UDP;
        fail(link, strerror(code));
        return;
    }
    if (syslog_connection_arrived(&link->way)) {
        link->taken = true;
        syslog_connection_note(&link->way,
                               link->way.transport == RECIPIENT_UDP
                                   ? "nothing came back; whether a datagram arrives cannot be known"
                                   : "the other machine has acknowledged all of it");
        succeed(link);
        return;
    }
    link->look_after *= 2;
    if (link->look_after > ACK_LOOK_LONGEST)
        link->look_after = ACK_LOOK_LONGEST;
    loop_timer_at(link->loop, timer, loop_now(link->loop) + link->look_after, on_look, link);
}

/* All has left. On a connection that has proven itself what is acknowledged already is not waited
 * for: a storm of alarms must not take a turn of the clock each. */
static void wait_for_ack(struct syslog_link *link)
{
    link->waits_for_ack = true;
    if (link->taken && syslog_connection_arrived(&link->way)) {
        succeed(link);
        return;
    }
    link->look_after = link->taken ? ACK_LOOK_FIRST : REFUSAL_WAIT;
    loop_timer_at(link->loop, &link->look, loop_now(link->loop) + link->look_after, on_look, link);
}

/* ---- sending --------------------------------------------------------------------------------- */

/* The next datagram: its length as in `out`, then its bytes. */
static long send_datagram(struct syslog_link *link, struct err *err)
{
    uint32_t length;
    memcpy(&length, link->out.data + link->sent, sizeof length);
    long result = syslog_connection_send(&link->way, link->out.data + link->sent + sizeof length,
                                         length, err);
    return result > 0 ? (long)(sizeof length + length) : result;
}

static long send_some(struct syslog_link *link, struct err *err)
{
    if (link->way.transport == RECIPIENT_UDP)
        return send_datagram(link, err);
    return syslog_connection_send(&link->way, link->out.data + link->sent,
                                  link->out.length - link->sent, err);
}

/* The first message of a test, as it leaves. */
static void show(struct syslog_link *link)
{
    size_t head = link->way.transport == RECIPIENT_UDP ? sizeof(uint32_t) : 0;
    char shown[400];
    if (!link->dialogue.keep || link->out.length <= sizeof(uint32_t))
        return;
    snprintf(shown, sizeof shown, "%.*s", (int)(link->out.length - head), link->out.data + head);
    mail_dialogue_ours(&link->dialogue, shown);
}

/* As much as the socket takes now; on_ready goes on when it takes more. */
static void push(struct syslog_link *link)
{
    struct err err = ERR_EMPTY;
    if (link->sent == 0)
        show(link);
    while (link->sent < link->out.length) {
        long result = send_some(link, &err);
        if (result < 0)
            fail(link, err.text);
        if (result <= 0)
            return;
        link->sent += (size_t)result;
    }
    syslog_connection_rest(&link->way);
    wait_for_ack(link);
}

static void on_opened(void *user)
{
    struct syslog_link *link = user;
    link->taken = false;
    if (link->busy)
        push(link);
    else
        syslog_connection_rest(&link->way);
}

static void on_ready(void *user)
{
    struct syslog_link *link = user;
    if (link->busy && !link->waits_for_ack)
        push(link);
}

/* ---- public ---------------------------------------------------------------------------------- */

struct syslog_link *syslog_link_new(struct loop *loop, syslog_link_fn *done, void *user)
{
    struct syslog_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->loop = loop;
    link->done = done;
    link->user = user;
    syslog_connection_init(
        &link->way, loop,
        &(struct syslog_connection_events){
            .opened = on_opened, .ready = on_ready, .failed = on_failed, .user = link},
        &link->dialogue);
    return link;
}

struct syslog_link *syslog_link_free(struct syslog_link *link)
{
    if (!link)
        return NULL;
    syslog_link_cancel(link);
    syslog_connection_deinit(&link->way);
    buf_deinit(&link->message);
    buf_deinit(&link->out);
    mail_dialogue_deinit(&link->dialogue);
    free(link);
    return NULL;
}

void syslog_link_warm(struct syslog_link *link, const struct recipient *way)
{
    if (link->busy)
        return;
    syslog_connection_aim(&link->way, way);
    if (link->way.state == SYSLOG_CLOSED && link->way.host && link->way.ca)
        connect_anew(link);
}

void syslog_link_show(struct syslog_link *link, bool show)
{
    link->dialogue.keep = show;
    mail_dialogue_begin(&link->dialogue);
    if (show)
        syslog_connection_close(&link->way);
}

const struct mail_dialogue *syslog_link_dialogue(const struct syslog_link *link)
{
    return &link->dialogue;
}

struct buf *syslog_link_begin(struct syslog_link *link, const struct recipient *way)
{
    assert(!link->busy);
    syslog_connection_aim(&link->way, way);
    buf_clear(&link->message);
    buf_clear(&link->out);
    return &link->message;
}

void syslog_link_end(struct syslog_link *link)
{
    uint32_t length = (uint32_t)link->message.length;
    if (link->way.transport == RECIPIENT_UDP)
        buf_add(&link->out, &length, sizeof length);
    else
        buf_add_format(&link->out, "%u ", length); /* RFC 6587, 3.4.1 */
    buf_add(&link->out, link->message.data, link->message.length);
    link->out.failed |= link->message.failed;
    buf_clear(&link->message);
}

void syslog_link_send(struct syslog_link *link)
{
    link->busy = link->way.busy = true;
    link->sent = 0;
    link->fresh = false;
    loop_timer_at(link->loop, &link->whole, loop_now(link->loop) + WHOLE_MOST, on_whole, link);
    if (link->out.failed || !link->way.host || !link->way.ca) {
        link->fresh = true;
        fail(link, "out of memory");
    } else if (link->way.state == SYSLOG_OPEN) {
        if (link->way.transport == RECIPIENT_UDP)
            syslog_connection_refresh(&link->way);
        push(link);
    } else if (link->way.state == SYSLOG_CLOSED) {
        connect_anew(link);
    } else {
        link->fresh = true; /* it is being connected: on_opened() goes on */
    }
}

void syslog_link_cancel(struct syslog_link *link)
{
    syslog_connection_close(&link->way);
    end_job(link);
}
