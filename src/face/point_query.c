#include "face/point_query.h"

#include <errno.h>

#include "face/request.h"

struct selecting {
    struct point_select *select;
    int result;
};

static void on_device(void *user, const char *name)
{
    struct selecting *selecting = user;
    if (selecting->result == 0)
        selecting->result = point_select_device(selecting->select, name);
}

static void on_path(void *user, const char *path)
{
    struct selecting *selecting = user;
    if (selecting->result == 0)
        selecting->result = point_select_path(selecting->select, path);
}

bool point_query_read(struct request *request, struct point_select *select)
{
    struct selecting selecting = {.select = select};
    request_query_each(request, "device", on_device, &selecting);
    request_query_each(request, "path", on_path, &selecting);
    if (selecting.result == 0)
        return true;
    point_select_deinit(select);
    if (selecting.result == -E2BIG)
        request_problem(request, 400, "too-many-parameters", "Too many points are named",
                        "At most %d devices and paths can be named; use * at the end of a path.",
                        POINT_SELECT_TERMS);
    else
        request_answer_response(request, 503, NULL);
    return false;
}
