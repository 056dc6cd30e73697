/* request_event - what a client did goes into the event log, with its name and address. */
#pragma once

#include "engine/event_log.h"
#include "face/request.h"

/* `kind`, `severity`, `object` and `detail` of `event` are used; the rest comes from the request
 * and the format, which makes what follows "NAME (ADDRESS) " in the sentence. */
void request_event(const struct request *request, const struct event *event, const char *format,
                   ...) __attribute__((format(printf, 3, 4)));
