/* http_check - what libmicrohttpd lets through and we must not.
 *
 * It accepts both Content-Length and Transfer-Encoding, repeated Content-Length, a missing Host and
 * a blank before the colon: each is a way to make a proxy and us disagree on where a request ends
 * (request smuggling, RFC 9112 sections 3.2, 5.1, 6.3, 11.2). Pure functions over what the request
 * says; the caller answers 400 and closes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_check {
    int hosts, lengths, encodings;
    bool bad_name, bad_value, bad_length, not_chunked;
    uint64_t length;  /* Content-Length */
    const char *host; /* borrowed from the request */
};

#define HTTP_CHECK_EMPTY ((struct http_check){0})

/* Look at one header field. */
void http_check_header(struct http_check *check, const char *name, size_t name_length,
                       const char *value, size_t value_length);

/* NULL when the request may be served, else a sentence on what is wrong. `version` is "HTTP/1.1"
 * and the like. */
const char *http_check_end(const struct http_check *check, const char *version);

/* Whether the raw target is free of escapes that mean different things to different readers (%00,
 * cut or malformed escapes, control characters). */
bool http_check_target(const char *target);

/* Whether a Host header names us: an address, localhost, a name without a dot or under a local
 * domain, `own` (may be NULL), or one of `names` (separated by blanks or commas). Anything else may
 * be a foreign page's name that was pointed at our address (DNS rebinding). */
bool http_host_allowed(const char *host, const char *own, const char *names);

/* Length of the host in a Host header without its port. */
size_t http_host_length(const char *host);
