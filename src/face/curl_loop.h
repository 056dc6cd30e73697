/* curl_loop - libcurl's multi interface in our loop: transfers for mail and webhooks that nothing
 * waits for.
 *
 * One struct curl_loop serves all transfers of the daemon and keeps their connections for the next
 * ones. A call is embedded in the struct of its user, who makes the easy handle, sets its options
 * and frees it; curl_call_prepare() sets what holds for all of ours. Names are looked up on the
 * worker pool (base/resolve), since libcurl would make a thread for each and wait for it when a
 * call is cancelled. Loop thread only.
 */
#pragma once

#include <curl/curl.h>

#include "base/loop.h"
#include "base/resolve.h"

struct curl_loop;

/* NULL when out of memory. */
struct curl_loop *curl_loop_new(struct loop *loop);

/* All calls must have ended or been cancelled. Accepts NULL, returns NULL. */
struct curl_loop *curl_loop_free(struct curl_loop *curl);

struct curl_call {
    CURL *easy; /* the user's */
    /* Ended: the handle may be asked (curl_easy_getinfo), used again or freed, the call may be
     * started again. Never called from inside curl_call_start(). */
    void (*done)(void *user, CURLcode result);
    void *user;
    char error[CURL_ERROR_SIZE]; /* what libcurl says about a failure, "" when nothing */
    /* curl_loop's */
    struct curl_loop *curl; /* NULL: not under way */
    struct resolve *lookup;
    struct curl_slist *addresses;
    char host[256];
    int port;
    bool added;
};

/* Set on a new easy handle what holds for every transfer: no signals, no proxies of the
 * environment, no redirects, host names and certificates verified (`ca`: a file of certificates, ""
 * those of the machine), `whole` as the longest time for all of it and a third of it, at most 30 s,
 * for connecting. */
void curl_call_prepare(struct curl_call *call, const char *ca, clock_us whole);

/* Begin. `host` and `port` are those of the URL that the handle has been given. 0 or negative
 * errno; then `done` is not called. */
int curl_call_start(struct curl_loop *curl, struct curl_call *call, const char *host, int port);

/* End it without `done`. Fine when it is not under way. */
void curl_call_cancel(struct curl_call *call);
