#include "base/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NAME_MOST 253 /* RFC 1035, 2.3.4, as text */

struct resolve {
    char host[NAME_MOST + 1], port[8];
    int socket_type;
    struct addrinfo *found;
    int code;
    bool in_pool; /* then the memory goes when the pool has done with it */
    struct loop_defer defer;
    resolve_done_fn *done; /* NULL: nobody waits any more; loop thread only */
    void *user;
};

static int look_up(const struct resolve *resolve, int flags, struct addrinfo **found)
{
    const struct addrinfo hints = {.ai_socktype = resolve->socket_type,
                                   .ai_flags = AI_NUMERICSERV | flags};
    return getaddrinfo(resolve->host, resolve->port, &hints, found);
}

static void finish(struct resolve *resolve)
{
    struct addrinfo *found = resolve->found;
    int code = resolve->code;
    resolve_done_fn *done = resolve->done;
    void *user = resolve->user;
    free(resolve);
    if (done)
        done(user, found, code ? gai_strerror(code) : NULL);
    else if (found)
        freeaddrinfo(found);
}

static void on_numeric(struct loop_defer *defer, void *user)
{
    (void)defer;
    finish(user);
}

static void pool_work(void *user)
{
    struct resolve *resolve = user;
    resolve->code = look_up(resolve, AI_ADDRCONFIG, &resolve->found);
    if (resolve->code)
        resolve->found = NULL;
}

static void pool_done(void *user)
{
    finish(user);
}

struct resolve *resolve_start(struct loop *loop, const char *host, int port, int socket_type,
                              resolve_done_fn *done, void *user)
{
    struct resolve *resolve = strlen(host) <= NAME_MOST ? calloc(1, sizeof *resolve) : NULL;
    if (!resolve)
        return NULL;
    snprintf(resolve->host, sizeof resolve->host, "%s", host);
    snprintf(resolve->port, sizeof resolve->port, "%u", (unsigned)(port & 0xFFFF));
    resolve->socket_type = socket_type;
    resolve->done = done;
    resolve->user = user;
    if (look_up(resolve, AI_NUMERICHOST, &resolve->found) == 0) {
        loop_defer(loop, &resolve->defer, on_numeric, resolve);
        return resolve;
    }
    resolve->found = NULL;
    resolve->in_pool = true;
    if (loop_job_start(loop, pool_work, pool_done, resolve) == 0)
        return resolve;
    free(resolve);
    return NULL;
}

struct resolve *resolve_cancel(struct resolve *resolve)
{
    if (!resolve)
        return NULL;
    resolve->done = NULL;
    if (resolve->in_pool)
        return NULL;
    loop_defer_cancel(&resolve->defer);
    freeaddrinfo(resolve->found);
    free(resolve);
    return NULL;
}
