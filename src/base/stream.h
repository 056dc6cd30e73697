/* stream - reading and writing a descriptor that must not block: what serial and TCP have in
 * common.
 *
 * Writes at once and watches for room only when the kernel had none; one read() per readiness,
 * since an answer fits it. Embedded in its transport, which opens the descriptor and hands it over.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

#define STREAM_PENDING_MAX 4160 /* sixteen of the largest frames */
#define STREAM_READ_MAX 1024

struct stream {
    struct loop *loop;
    int fd;      /* -1: closed */
    bool socket; /* set by the owner: spares us SIGPIPE */
    bool held;
    struct loop_fd watch;
    void (*received)(void *user, const uint8_t *bytes, size_t length);
    /* The stream is closed already; `code` is 0 when the other side ended it, else negative
     * errno. */
    void (*broken)(void *user, int code);
    void *user;
    size_t pending;
    uint8_t out[STREAM_PENDING_MAX];
};

#define STREAM_EMPTY ((struct stream){.fd = -1, .watch = LOOP_FD_EMPTY})

/* Take `fd` (closed by us from now on, also on failure) and begin to read: 0 or negative errno.
 * The callbacks and user must be set. */
int stream_take(struct stream *stream, int fd);
void stream_close(struct stream *stream);

/* Do not read for now, or again: what arrives waits in the kernel, and the other side with it. 0 or
 * negative errno. */
int stream_hold(struct stream *stream, bool hold);

/* 0, -ENOBUFS when too much waits already, or negative errno; then the stream is still open. */
int stream_send(struct stream *stream, const uint8_t *bytes, size_t length);

/* Throws away what has arrived: count of bytes. */
size_t stream_drain(struct stream *stream);
