#include "base/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(struct stream *stream, int code)
{
    stream_close(stream);
    stream->broken(stream->user, code);
}

/* Bytes that were taken, 0 when there is no room now, or negative errno. */
static ssize_t try_write(const struct stream *stream, const uint8_t *bytes, size_t length)
{
    ssize_t written;
    do {
        written = stream->socket ? send(stream->fd, bytes, length, MSG_NOSIGNAL)
                                 : write(stream->fd, bytes, length);
    } while (written < 0 && errno == EINTR);
    if (written < 0)
        return errno == EAGAIN ? 0 : -errno;
    return written;
}

static int flush(struct stream *stream)
{
    ssize_t written = try_write(stream, stream->out, stream->pending);
    if (written < 0)
        return (int)written;
    stream->pending -= (size_t)written;
    memmove(stream->out, stream->out + written, stream->pending);
    return 0;
}

static void on_ready(struct loop_fd *handle, int events, void *user);

static int watch(struct stream *stream)
{
    int events = (stream->held ? 0 : LOOP_READ) | (stream->pending ? LOOP_WRITE : 0);
    return loop_fd_start(stream->loop, &stream->watch, stream->fd, events, on_ready, stream);
}

static void on_ready(struct loop_fd *handle, int events, void *user)
{
    (void)handle;
    struct stream *stream = user;
    if ((events & LOOP_WRITE) && stream->pending) {
        int result = flush(stream);
        if (result == 0)
            result = watch(stream);
        if (result < 0) {
            fail(stream, result);
            return;
        }
    }
    if (!(events & (LOOP_READ | LOOP_HANGUP)) || stream->held)
        return;
    uint8_t bytes[STREAM_READ_MAX];
    ssize_t got = read(stream->fd, bytes, sizeof bytes);
    if (got > 0)
        stream->received(stream->user, bytes, (size_t)got);
    else if (got == 0)
        fail(stream, 0);
    else if (errno != EAGAIN && errno != EINTR)
        fail(stream, -errno);
}

int stream_take(struct stream *stream, int fd)
{
    stream_close(stream);
    stream->fd = fd;
    stream->pending = 0;
    stream->held = false;
    int result = watch(stream);
    if (result < 0)
        stream_close(stream);
    return result;
}

void stream_close(struct stream *stream)
{
    loop_fd_stop(&stream->watch);
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
    stream->pending = 0;
}

int stream_hold(struct stream *stream, bool hold)
{
    if (stream->held == hold || stream->fd < 0)
        return 0;
    stream->held = hold;
    return watch(stream);
}

int stream_send(struct stream *stream, const uint8_t *bytes, size_t length)
{
    if (stream->fd < 0)
        return -ENOTCONN;
    ssize_t written = stream->pending ? 0 : try_write(stream, bytes, length);
    if (written < 0)
        return (int)written;
    size_t rest = length - (size_t)written;
    if (!rest)
        return 0;
    if (stream->pending + rest > sizeof stream->out)
        return -ENOBUFS;
    memcpy(stream->out + stream->pending, bytes + written, rest);
    stream->pending += rest;
    return watch(stream);
}

size_t stream_drain(struct stream *stream)
{
    uint8_t bytes[STREAM_READ_MAX];
    size_t drained = 0;
    /* Bounded: a line that never falls silent is the framing's business, not a reason to hang
     * here. */
    for (int i = 0; i < 4 && stream->fd >= 0; i++) {
        ssize_t got = read(stream->fd, bytes, sizeof bytes);
        if (got <= 0)
            break;
        drained += (size_t)got;
    }
    return drained;
}
