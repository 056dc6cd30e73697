/* A report now, beside its times. What it is made of are records (api_records.c). */
#include <errno.h>

#include "engine/report.h"
#include "face/api_operations.h"
#include "face/web_private.h"

void api_reports_send(struct request *request)
{
    struct reports *reports = request->web->context.reports;
    char name[LIMIT_NAME + 1];
    if (!reports) {
        request_problem(request, 503, "no-notices", "Nobody is told anything here",
                        "This program was started without notices.");
        return;
    }
    int result =
        request_path_value(request, 0, name, sizeof name) ? reports_send(reports, name) : -ENOENT;
    if (result == -ENOENT)
        request_problem(request, 404, "not-found", "No such report",
                        "There is no report of that name; GET /api/v1/reports lists them.");
    else if (result < 0)
        request_problem(request, 503, "busy", "Too much waits to be sent",
                        "The report was not queued; GET /api/v1/notices says what waits and why.");
    else
        request_answer_empty(request, 204);
}
