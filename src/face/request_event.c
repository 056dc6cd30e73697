#include "face/request_event.h"

#include <stdarg.h>
#include <stdio.h>

#include "face/web_private.h"

void request_event(const struct request *request, const struct event *event, const char *format,
                   ...)
{
    char text[600];
    struct event full = *event;
    int begin = snprintf(text, sizeof text, "%s (%s) ", *request->user ? request->user : "somebody",
                         request->peer->address);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + begin, sizeof text - (size_t)begin, format, arguments);
    va_end(arguments);
    full.actor = request->user;
    full.origin = request->peer->address;
    full.text = text;
    event_log_add(request->web->context.events, &full);
}
