#include "face/curl_loop.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <sys/socket.h>

#include "base/buf.h"

#define CONNECT_MOST (30 * CLOCK_S)
#define KEPT 8 /* connections that wait for the next transfer */

struct curl_loop {
    struct loop *loop;
    CURLM *multi;
    struct loop_timer timer;
    struct loop_defer begin; /* a transfer has been added */
    struct watch *watches;
    size_t calls; /* under way */
};

/* A descriptor that libcurl wants to know about. */
struct watch {
    struct watch *next, **place;
    struct curl_loop *curl;
    struct loop_fd handle;
};

/* ---- what has ended -------------------------------------------------------------------------- */

/* Out of everything of ours and of libcurl's: the handle is its user's alone. */
static void leave(struct curl_call *call)
{
    if (call->added)
        curl_multi_remove_handle(call->curl->multi, call->easy);
    call->added = false;
    call->lookup = resolve_cancel(call->lookup);
    curl_easy_setopt(call->easy, CURLOPT_RESOLVE, NULL);
    curl_slist_free_all(call->addresses);
    call->addresses = NULL;
    call->curl->calls--;
    call->curl = NULL;
}

/* One at a time: what `done` does may end or begin others. */
static void take_ended(struct curl_loop *curl)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(curl->multi, &left));) {
        struct curl_call *call = NULL;
        CURLcode result = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
        leave(call);
        call->done(call->user, result);
    }
}

static void act(struct curl_loop *curl, curl_socket_t socket, int events)
{
    int running;
    curl_multi_socket_action(curl->multi, socket, events, &running);
    take_ended(curl);
}

/* ---- what libcurl waits for ------------------------------------------------------------------ */

static void on_ready(struct loop_fd *handle, int events, void *user)
{
    struct watch *watch = user;
    int ready = (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
                (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
                (events & LOOP_HANGUP ? CURL_CSELECT_ERR : 0);
    act(watch->curl, handle->fd, ready);
}

/* Of libcurl's or, at the end, of all that are left. */
static void forget_watch(struct watch *watch)
{
    loop_fd_stop(&watch->handle);
    *watch->place = watch->next;
    if (watch->next)
        watch->next->place = watch->place;
    free(watch);
}

static struct watch *add_watch(struct curl_loop *curl, curl_socket_t socket)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    *watch = (struct watch){
        .next = curl->watches, .place = &curl->watches, .curl = curl, .handle = LOOP_FD_EMPTY};
    if (watch->next)
        watch->next->place = &watch->next;
    curl->watches = watch;
    curl_multi_assign(curl->multi, socket, watch);
    return watch;
}

/* -1 ends all transfers with an error: there is no memory to watch one of them. */
static int on_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *of_socket)
{
    struct curl_loop *curl = user;
    struct watch *watch = of_socket;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            forget_watch(watch);
        return 0;
    }
    if (!watch)
        watch = add_watch(curl, socket);
    int events = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
    return watch && loop_fd_start(curl->loop, &watch->handle, socket, events, on_ready, watch) == 0
               ? 0
               : -1;
}

static void on_time(struct loop_timer *timer, void *user)
{
    (void)timer;
    act(user, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl asks for a call at once by a timer, which would be the next turn's. */
static void on_begin(struct loop_defer *defer, void *user)
{
    (void)defer;
    act(user, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long wait_ms, void *user)
{
    struct curl_loop *curl = user;
    (void)multi;
    if (wait_ms < 0)
        loop_timer_stop(&curl->timer);
    else
        loop_timer_at(curl->loop, &curl->timer, loop_now(curl->loop) + wait_ms * CLOCK_MS, on_time,
                      curl);
    return 0;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct curl_loop *curl_loop_new(struct loop *loop)
{
    struct curl_loop *curl = calloc(1, sizeof *curl);
    if (!curl || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(curl);
        return NULL;
    }
    curl->loop = loop;
    curl->multi = curl_multi_init();
    if (!curl->multi)
        return curl_loop_free(curl);
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(curl->multi, CURLMOPT_SOCKETDATA, curl);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
    curl_multi_setopt(curl->multi, CURLMOPT_MAXCONNECTS, (long)KEPT);
    return curl;
}

struct curl_loop *curl_loop_free(struct curl_loop *curl)
{
    if (!curl)
        return NULL;
    assert(curl->calls == 0);
    if (curl->multi)
        curl_multi_cleanup(curl->multi); /* tells of the sockets that it closes */
    while (curl->watches)
        forget_watch(curl->watches);
    loop_timer_stop(&curl->timer);
    loop_defer_cancel(&curl->begin);
    free(curl);
    curl_global_cleanup();
    return NULL;
}

/* ---- calls ----------------------------------------------------------------------------------- */

void curl_call_prepare(struct curl_call *call, const char *ca, clock_us whole)
{
    clock_us connect = whole / 3 < CONNECT_MOST ? whole / 3 : CONNECT_MOST;
    curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(call->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(call->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(call->easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(call->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(call->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(call->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(call->easy, CURLOPT_TIMEOUT_MS, (long)(whole / CLOCK_MS));
    curl_easy_setopt(call->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect / CLOCK_MS));
    curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->error);
    if (*ca)
        curl_easy_setopt(call->easy, CURLOPT_CAINFO, ca);
}

static bool add_address(struct buf *text, const struct addrinfo *address)
{
    char name[INET6_ADDRSTRLEN];
    bool six = address->ai_family == AF_INET6;
    if (!six && address->ai_family != AF_INET)
        return false;
    const void *from = six ? (const void *)&((struct sockaddr_in6 *)address->ai_addr)->sin6_addr
                           : (const void *)&((struct sockaddr_in *)address->ai_addr)->sin_addr;
    if (!inet_ntop(address->ai_family, from, name, sizeof name))
        return false;
    buf_add_format(text, six ? "[%s]," : "%s,", name);
    return true;
}

static bool is_address(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

/* What libcurl takes instead of looking the name up: "host:port:address,[address]". */
static bool tell_addresses(struct curl_call *call, const struct addrinfo *found)
{
    struct buf text = BUF_EMPTY;
    bool any = false;
    if (is_address(call->host))
        return true;
    buf_add_format(&text, "%s:%d:", call->host, call->port);
    for (; found; found = found->ai_next)
        any |= add_address(&text, found);
    if (any && !text.failed) {
        text.length--; /* the last comma */
        call->addresses = curl_slist_append(NULL, buf_text(&text));
    }
    buf_deinit(&text);
    return call->addresses &&
           curl_easy_setopt(call->easy, CURLOPT_RESOLVE, call->addresses) == CURLE_OK;
}

static void fail(struct curl_call *call, CURLcode result, const char *words)
{
    snprintf(call->error, sizeof call->error, "%.200s: %.50s", call->host, words);
    leave(call);
    call->done(call->user, result);
}

static void on_found(void *user, struct addrinfo *found, const char *problem)
{
    struct curl_call *call = user;
    call->lookup = NULL;
    if (problem) {
        fail(call, CURLE_COULDNT_RESOLVE_HOST, problem);
        return;
    }
    bool told = tell_addresses(call, found);
    freeaddrinfo(found);
    if (told)
        call->added = curl_multi_add_handle(call->curl->multi, call->easy) == CURLM_OK;
    if (call->added)
        loop_defer(call->curl->loop, &call->curl->begin, on_begin, call->curl);
    else
        fail(call, CURLE_OUT_OF_MEMORY, "no memory");
}

int curl_call_start(struct curl_loop *curl, struct curl_call *call, const char *host, int port)
{
    assert(!call->curl);
    if (strlen(host) >= sizeof call->host)
        return -ENAMETOOLONG;
    snprintf(call->host, sizeof call->host, "%s", host);
    call->port = port;
    call->error[0] = '\0';
    curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
    call->lookup = resolve_start(curl->loop, host, port, SOCK_STREAM, on_found, call);
    if (!call->lookup)
        return -ENOMEM;
    call->curl = curl;
    curl->calls++;
    return 0;
}

void curl_call_cancel(struct curl_call *call)
{
    if (call->curl)
        leave(call);
}
