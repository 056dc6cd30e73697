/* http_range - parts of a file, and answers that depend on what the client has already.
 *
 * RFC 9110 sections 13 (conditions) and 14 (ranges), for one file that does not change while it is
 * open. Pure functions over header fields; any of them may be NULL: not sent.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum http_range { HTTP_RANGE_WHOLE, HTTP_RANGE_PART, HTTP_RANGE_IMPOSSIBLE };

/* What a Range field asks of a file of `size` bytes; `first` and `length` are filled for a part. A
 * field that is malformed, of another unit, or asks for several parts is ignored, as the RFC
 * allows. */
enum http_range http_range_parse(const char *range, uint64_t size, uint64_t *first,
                                 uint64_t *length);

struct http_conditions {
    const char *if_match, *if_none_match, *if_modified_since, *if_unmodified_since, *if_range;
};

/* 0: go on, 304: the client has it, 412: the client wanted another. `etag` is strong and quoted,
 * `modified` in seconds since 1970. */
unsigned http_conditions_check(const struct http_conditions *conditions, const char *etag,
                               int64_t modified);

/* Whether a Range field counts: without If-Range, or when that names this very file. */
int http_conditions_range(const struct http_conditions *conditions, const char *etag,
                          int64_t modified);

#define HTTP_DATE_SIZE 32

/* "Sat, 21 Nov 2026 01:02:03 GMT" (RFC 9110 section 5.6.7). */
void http_date_format(int64_t seconds, char *text);

/* The same form only, the one that all clients send; 0 or -EINVAL. */
int http_date_parse(const char *text, int64_t *seconds);
