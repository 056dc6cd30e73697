#include <errno.h>

#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/web_private.h"

/* Whether there is a field to ask; false when answered. */
static bool has_field(struct request *request)
{
    if (request->web->context.start_scan)
        return true;
    request_problem(request, 503, "busy", "No lines here",
                    "This program serves pages only; ask the busbar that has the lines.");
    return false;
}

static void answer_with(struct request *request, void (*write)(void *user, struct json *json))
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    write(request->web->context.user, &json);
    request_answer_json(request, &body);
}

void api_scan_ports(struct request *request)
{
    if (has_field(request))
        answer_with(request, request->web->context.write_ports);
}

void api_scan_show(struct request *request)
{
    if (has_field(request))
        answer_with(request, request->web->context.write_scan);
}

void api_scan_stop(struct request *request)
{
    if (!has_field(request))
        return;
    request->web->context.stop_scan(request->web->context.user);
    request_answer_empty(request, 204);
}

/* An address; false when answered. */
static bool read_address(struct request *request, const json_t *body, const char *key, int initial,
                         int *address)
{
    const json_t *value = json_object_get(body, key);
    *address = initial;
    if (!value)
        return true;
    json_int_t number = json_integer_value(value);
    if (json_is_integer(value) && number >= 1 && number <= 247) {
        *address = (int)number;
        return true;
    }
    request_problem(request, 400, "bad-member", "Not an address",
                    "%s must be a whole number from 1 to 247.", key);
    return false;
}

static void start(struct request *request, const json_t *body)
{
    const struct web_context *context = &request->web->context;
    const char *line;
    int first, last;
    struct err err = ERR_EMPTY;
    if (!json_body_text(request, body, "line", LIMIT_NAME, true, &line) ||
        !read_address(request, body, "first", 1, &first) ||
        !read_address(request, body, "last", 247, &last))
        return;
    int result = context->start_scan(context->user, line, first, last, &err);
    if (result == 0)
        answer_with(request, context->write_scan);
    else if (result == -EBUSY)
        request_problem(request, 409, "conflict", "A search is running", "%s.", err.text);
    else
        request_problem(request, 422, "bad-scan", "Nothing can be searched", "%s.", err.text);
}

void api_scan_start(struct request *request)
{
    static const char *const keys[] = {"line", "first", "last", NULL};
    if (!has_field(request))
        return;
    json_t *body = json_body_take(request);
    if (body && json_body_known(request, body, keys))
        start(request, body);
    json_decref(body);
}
