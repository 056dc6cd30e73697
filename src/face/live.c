#include "face/live.h"

#include <stdlib.h>
#include <string.h>

#include "face/live_channel.h"
#include "model/limits.h"

#define LIVE_COOKIE "busbar_session"
#define CHANNELS_IDLE 32 /* kept without streams, for those who come back */
#define CHANNEL_IDLE_S 60
#define GAP_FREE_STREAMS 8
#define GAP_US_PER_STREAM 250
#define GAP_MOST (250 * CLOCK_MS)

struct live {
    struct loop *loop;
    struct site *site;
    struct point_json *points;
    struct access *access;
    struct feed feed;
    struct live_channel *channels;
    size_t channel_count, streams;
    struct loop_timer heartbeat;
    struct block *hello, *beat;
    bool ending;
};

struct live_stream {
    struct live_stream *next, **link;
    struct live *live;
    struct live_channel *channel;
    struct MHD_Connection *connection;
    void (*wake)(void *server);
    void *server;
    uint64_t cursor;
    struct block *current; /* being sent */
    size_t sent;
    bool suspended, beat, ended;
    bool local;
    struct loop_fd hangup; /* libmicrohttpd does not look at suspended connections */
    char *session, *token; /* looked at again now and then: who signed out sees no more */
};

clock_us live_gap(size_t streams)
{
    if (streams <= GAP_FREE_STREAMS)
        return 0;
    clock_us gap = (clock_us)(streams - GAP_FREE_STREAMS) * GAP_US_PER_STREAM;
    return gap < GAP_MOST ? gap : GAP_MOST;
}

/* ---- streams --------------------------------------------------------------------------------- */

static void resume(struct live_stream *stream)
{
    if (!stream->suspended)
        return; /* it is sending, and will look for more when done */
    stream->suspended = false;
    MHD_resume_connection(stream->connection);
    stream->wake(stream->server);
}

static struct block *next_block(struct live_stream *stream)
{
    if (stream->beat) {
        stream->beat = false;
        return block_ref(stream->live->beat);
    }
    return live_channel_next(stream->channel, &stream->cursor);
}

/* libmicrohttpd asks for more to send. */
static ssize_t on_read(void *cls, uint64_t position, char *to, size_t room)
{
    struct live_stream *stream = cls;
    (void)position;
    size_t filled = 0;
    if (stream->ended)
        return MHD_CONTENT_READER_END_OF_STREAM;
    while (filled < room) {
        if (!stream->current && !(stream->current = next_block(stream)))
            break;
        size_t left = stream->current->length - stream->sent;
        size_t part = left < room - filled ? left : room - filled;
        memcpy(to + filled, stream->current->data + stream->sent, part);
        filled += part;
        stream->sent += part;
        if (stream->sent == stream->current->length) {
            stream->current = block_unref(stream->current);
            stream->sent = 0;
        }
    }
    if (!filled) {
        stream->suspended = true;
        MHD_suspend_connection(stream->connection);
    }
    return (ssize_t)filled;
}

static void free_secret(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

static void set_gaps(struct live *live)
{
    clock_us gap = live_gap(live->streams);
    for (struct live_channel *channel = live->channels; channel; channel = channel->next)
        channel->gap = gap;
}

/* The client went away: its place is free for others at once, not only at the next thing to send.
 */
static void on_hangup(struct loop_fd *handle, int events, void *user)
{
    struct live_stream *stream = user;
    (void)events;
    loop_fd_stop(handle);
    stream->ended = true;
    resume(stream);
}

static void free_stream(struct live_stream *stream)
{
    struct live_channel *channel = stream->channel;
    loop_fd_stop(&stream->hangup); /* the descriptor is closed after this, never before */
    *stream->link = stream->next;
    if (stream->next)
        stream->next->link = stream->link;
    channel->stream_count--;
    channel->left = loop_now(stream->live->loop);
    stream->live->streams--;
    set_gaps(stream->live);
    block_unref(stream->current);
    free_secret(stream->session);
    free_secret(stream->token);
    free(stream);
}

static void on_free(void *cls)
{
    free_stream(cls);
}

/* ---- channels -------------------------------------------------------------------------------- */

static void on_ready(struct live_channel *channel, void *user)
{
    (void)user;
    for (struct live_stream *stream = channel->streams; stream; stream = stream->next)
        resume(stream);
}

static void on_changed(void *user, const point_id *points, size_t count)
{
    const struct live *live = user;
    for (struct live_channel *channel = live->channels; channel; channel = channel->next)
        live_channel_changed(channel, points, count);
}

static void on_tree(void *user)
{
    const struct live *live = user;
    for (struct live_channel *channel = live->channels; channel; channel = channel->next)
        live_channel_tree(channel);
}

/* Channels that nobody has listened to for a while go, at once when there are too many of them. */
static void sweep_channels(struct live *live)
{
    clock_us now = loop_now(live->loop);
    size_t idle = 0;
    for (struct live_channel **at = &live->channels; *at;) {
        struct live_channel *channel = *at;
        bool old = channel->left + CHANNEL_IDLE_S * CLOCK_S <= now;
        if (channel->stream_count == 0 && (old || ++idle > CHANNELS_IDLE)) {
            *at = channel->next;
            live->channel_count--;
            live_channel_free(channel);
        } else {
            at = &channel->next;
        }
    }
    if (!live->channels) {
        loop_timer_stop(&live->heartbeat);
        site_unsubscribe(live->site, &live->feed);
    }
}

static bool may_listen(const struct live_stream *stream)
{
    return stream->local ||
           access_identify(stream->live->access, stream->session, stream->token).role >= ROLE_VIEW;
}

static void on_heartbeat(struct loop_timer *timer, void *user)
{
    struct live *live = user;
    (void)timer;
    for (struct live_channel *channel = live->channels; channel; channel = channel->next) {
        for (struct live_stream *stream = channel->streams; stream; stream = stream->next) {
            stream->beat = true;
            stream->ended |= !may_listen(stream);
            resume(stream);
        }
    }
    sweep_channels(live);
}

static struct live_channel *find_channel(struct live *live, const struct point_select *select,
                                         enum time_form form, clock_us interval)
{
    for (struct live_channel *channel = live->channels; channel; channel = channel->next) {
        if (live_channel_is(channel, select, form, interval))
            return channel;
    }
    struct live_channel *channel =
        live_channel_new(live->loop, live->site, live->points, select, form, interval);
    if (!channel)
        return NULL;
    channel->ready = on_ready;
    channel->user = live;
    channel->left = loop_now(live->loop);
    channel->next = live->channels;
    if (!live->channels) {
        site_subscribe(live->site, &live->feed);
        loop_timer_every(live->loop, &live->heartbeat, LIVE_HEARTBEAT_S * CLOCK_S,
                         LIVE_HEARTBEAT_S * CLOCK_S, on_heartbeat, live);
    }
    live->channels = channel;
    live->channel_count++;
    return channel;
}

/* ---- opening --------------------------------------------------------------------------------- */

static char *copy_text(const char *text)
{
    return text ? strdup(text) : NULL;
}

static struct live_stream *new_stream(struct live *live, struct request *request,
                                      struct live_channel *channel, const char *last_id)
{
    struct live_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    stream->live = live;
    stream->channel = channel;
    stream->connection = request->connection;
    stream->wake = request->wake;
    stream->server = request->server;
    stream->local = request->peer->local;
    stream->hangup = LOOP_FD_EMPTY;
    stream->session = copy_text(request_cookie(request, LIVE_COOKIE));
    stream->token = copy_text(request_token(request));
    stream->cursor = live_channel_cursor(channel, last_id);
    stream->current = block_ref(live->hello);
    stream->next = channel->streams;
    stream->link = &channel->streams;
    if (stream->next)
        stream->next->link = &stream->next;
    channel->streams = stream;
    channel->stream_count++;
    live->streams++;
    set_gaps(live);
    return stream;
}

static void refuse(struct request *request)
{
    request_add_header(request, "Retry-After", "10");
    request_problem(
        request, 503, "too-many-streams", "Too many live streams",
        "There are as many live streams as can be served; close one, or try again in 10 s.");
}

void live_open(struct live *live, struct request *request, const struct point_select *select,
               enum time_form form, clock_us interval, const char *last_id)
{
    struct live_channel *channel = NULL;
    struct live_stream *stream = NULL;
    if (!live->ending && live->streams < LIMIT_STREAMS)
        channel = find_channel(live, select, form, interval);
    if (channel)
        stream = new_stream(live, request, channel, last_id);
    if (!stream) {
        refuse(request);
        return;
    }
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 8192, on_read, stream, on_free);
    if (!response)
        free_stream(stream);
    else
        /* Without it (no memory) the heartbeat finds out. */
        (void)loop_fd_start(live->loop, &stream->hangup, request->peer->fd, LOOP_HANGUP, on_hangup,
                            stream);
    request->endless = response != NULL;
    request_answer_stream(request, response);
}

void live_events(struct live *live, uint64_t last)
{
    for (struct live_channel *channel = live->channels; channel; channel = channel->next)
        live_channel_events(channel, last);
}

void live_say(struct live *live, const char *name, const char *data, size_t length)
{
    for (struct live_channel *channel = live->channels; channel; channel = channel->next)
        live_channel_say(channel, name, data, length);
}

void live_end(struct live *live)
{
    live->ending = true;
    for (struct live_channel *channel = live->channels; channel; channel = channel->next) {
        for (struct live_stream *stream = channel->streams; stream; stream = stream->next) {
            stream->ended = true;
            resume(stream);
        }
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

struct live *live_new(struct loop *loop, struct site *site, struct point_json *points,
                      struct access *access)
{
    static const char hello[] = "retry: 3000\n\n", beat[] = ":\n\n";
    struct live *live = calloc(1, sizeof *live);
    if (!live)
        return NULL;
    live->loop = loop;
    live->site = site;
    live->points = points;
    live->access = access;
    live->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = live};
    live->hello = block_from(hello, sizeof hello - 1);
    live->beat = block_from(beat, sizeof beat - 1);
    return live->hello && live->beat ? live : live_free(live);
}

struct live *live_free(struct live *live)
{
    if (!live)
        return NULL;
    if (live->channels)
        site_unsubscribe(live->site, &live->feed);
    while (live->channels) {
        struct live_channel *channel = live->channels;
        live->channels = channel->next;
        live_channel_free(channel);
    }
    loop_timer_stop(&live->heartbeat);
    block_unref(live->hello);
    block_unref(live->beat);
    free(live);
    return NULL;
}
