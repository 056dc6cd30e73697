#include "face/api_operations.h"
#include "face/web_private.h"

void api_export_show(struct request *request)
{
    const struct web_context *context = &request->web->context;
    if (!context->write_export) {
        request_problem(request, 503, "export-off", "Nothing is exported",
                        "This program has no export folder.");
        return;
    }
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    context->write_export(context->user, &json);
    request_answer_json(request, &body);
}
