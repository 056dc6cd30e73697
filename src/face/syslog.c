#include "face/syslog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "face/syslog_link.h"
#include "face/syslog_message.h"

#define TOGETHER 50 /* messages in one job */
/* Receivers are connected ahead, and looked at again so often. */
#define LOOK_FIRST CLOCK_S
#define LOOK_EVERY (60 * CLOCK_S)

/* A receiver and the connection to it, kept as long as its recipient is in the settings. */
struct peer {
    struct peer *next;
    struct syslog *syslog;
    char *name;
    struct syslog_link *link;
    struct notify_job *job; /* under way */
    bool named;             /* stands in the settings */
};

struct syslog {
    struct loop *loop;
    struct notify *notify;
    struct notify_route route;
    struct peer *peers;
    struct loop_timer look;
    char host[256];
};

static struct peer *free_peer(struct peer *peer)
{
    if (!peer)
        return NULL;
    syslog_link_free(peer->link);
    free(peer->name);
    free(peer);
    return NULL;
}

/* There is no answer that refuses for good: whatever went wrong may go well later. */
static void on_sent(void *user, const char *problem)
{
    struct peer *peer = user;
    struct notify_job *job = peer->job;
    struct buf room = BUF_EMPTY;
    peer->job = NULL;
    notify_done(
        peer->syslog->notify, job, problem ? NOTIFY_LATER : NOTIFY_DELIVERED,
        mail_dialogue_words(syslog_link_dialogue(peer->link), problem ? problem : "sent", &room));
    buf_deinit(&room);
}

/* The one of this recipient, made when there is none; NULL without memory. */
static struct peer *peer_of(struct syslog *syslog, const char *name)
{
    for (struct peer *peer = syslog->peers; peer; peer = peer->next) {
        if (strcmp(peer->name, name) == 0)
            return peer;
    }
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->syslog = syslog;
    peer->name = strdup(name);
    peer->link = syslog_link_new(syslog->loop, on_sent, peer);
    if (!peer->name || !peer->link)
        return free_peer(peer);
    peer->next = syslog->peers;
    syslog->peers = peer;
    return peer;
}

/* Whose recipient has gone goes too. */
static void free_unnamed(struct syslog *syslog)
{
    for (struct peer **at = &syslog->peers; *at;) {
        struct peer *peer = *at;
        if (peer->job || peer->named) {
            at = &peer->next;
            continue;
        }
        *at = peer->next;
        free_peer(peer);
    }
}

static void on_look(struct loop_timer *timer, void *user)
{
    struct syslog *syslog = user;
    (void)timer;
    for (struct peer *peer = syslog->peers; peer; peer = peer->next)
        peer->named = false;
    for (size_t i = 0; i < notify_count(syslog->notify); i++) {
        const struct notify_status status = notify_status(syslog->notify, i);
        const struct recipient *way = status.settings;
        bool ours = way->enabled && way->kind == RECIPIENT_SYSLOG;
        struct peer *peer = ours ? peer_of(syslog, status.recipient) : NULL;
        if (!peer)
            continue;
        peer->named = true;
        syslog_link_warm(peer->link, way);
    }
    free_unnamed(syslog);
}

static void on_send(void *user, struct notify_job *job)
{
    struct syslog *syslog = user;
    struct peer *peer = peer_of(syslog, job->name);
    if (!peer) {
        notify_done(syslog->notify, job, NOTIFY_LATER, "out of memory");
        return;
    }
    const struct syslog_sender sender = {
        .host = syslog->host, .process = (int)getpid(), .facility = (int)job->recipient->facility};
    syslog_link_show(peer->link, notify_job_is_test(job));
    struct buf *message = syslog_link_begin(peer->link, job->recipient);
    for (size_t i = 0; i < job->count; i++) {
        syslog_message_write(&sender, &job->notices[i], message);
        syslog_link_end(peer->link);
    }
    peer->job = job;
    syslog_link_send(peer->link);
}

static void on_abandon(void *user, struct notify_job *job)
{
    struct syslog *syslog = user;
    for (struct peer *peer = syslog->peers; peer; peer = peer->next) {
        if (peer->job == job) {
            syslog_link_cancel(peer->link);
            peer->job = NULL;
        }
    }
    notify_done(syslog->notify, job, NOTIFY_LATER, "abandoned");
}

struct syslog *syslog_new(struct loop *loop, struct notify *notify)
{
    struct syslog *syslog = mem_new(sizeof *syslog);
    syslog->loop = loop;
    syslog->notify = notify;
    syslog->look = LOOP_TIMER_EMPTY;
    loop_timer_every(loop, &syslog->look, LOOK_FIRST, LOOK_EVERY, on_look, syslog);
    if (gethostname(syslog->host, sizeof syslog->host - 1) < 0)
        syslog->host[0] = '\0';
    syslog->route = (struct notify_route){.kind = recipient_kind_name(RECIPIENT_SYSLOG),
                                          .most = TOGETHER,
                                          .send = on_send,
                                          .abandon = on_abandon,
                                          .user = syslog};
    notify_route_add(notify, &syslog->route);
    return syslog;
}

struct syslog *syslog_free(struct syslog *syslog)
{
    if (!syslog)
        return NULL;
    notify_route_remove(syslog->notify, &syslog->route);
    loop_timer_stop(&syslog->look);
    while (syslog->peers) {
        struct peer *peer = syslog->peers;
        syslog->peers = peer->next;
        free_peer(peer);
    }
    free(syslog);
    return NULL;
}
