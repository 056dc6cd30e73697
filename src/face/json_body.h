/* json_body - reading what clients send: strict JSON objects, bounded in size and depth.
 *
 * jansson parses; repeated keys, trailing bytes, NUL in texts and bad UTF-8 are refused. Depth is
 * checked beforehand because the parser recurses.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct request;

#define JSON_BODY_DEPTH 8

/* The object in `bytes`, or NULL and `err` with line and column. Free with json_decref. */
json_t *json_body_read(const char *bytes, size_t length, struct err *err);

/* The object in the request's body; NULL when the request was answered (415 for another media type,
 * 400 with the reason). */
json_t *json_body_take(struct request *request);

/* Every key of `object` is one of `keys` (NULL-terminated), else 400 with the nearest one; false
 * when answered. */
bool json_body_known(struct request *request, const json_t *object, const char *const *keys);

/* A text member of at most `most` bytes into `text`: false when answered with 400. A missing (or
 * null) optional one gives NULL. */
bool json_body_text(struct request *request, const json_t *object, const char *key, size_t most,
                    bool required, const char **text);

/* A scalar as the text of a setting: texts as they are, numbers and booleans as people write them.
 * -EINVAL for null, objects and arrays, -ENOSPC when it does not fit. */
int json_body_scalar(const json_t *value, char *text, size_t size);
