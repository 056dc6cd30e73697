/* webhook - the route of notices to programs: JSON posted to a URL, signed (docs/notify.md).
 *
 * Tried again on 5xx, 408, 425, 429 and when there is no answer; given up on any other 4xx and on
 * redirects, which are not followed. Owned by the daemon; loop thread only.
 */
#pragma once

#include "base/loop.h"
#include "engine/notify.h"
#include "face/curl_loop.h"

struct webhook;

/* All borrowed. */
struct webhook *webhook_new(struct loop *loop, struct curl_loop *curl, struct notify *notify);

/* Gives back what is under way. Accepts NULL, returns NULL. */
struct webhook *webhook_free(struct webhook *webhook);
