#include "face/problem.h"

#include "base/json.h"

void problem_write(struct buf *out, unsigned status, const char *kind, const char *title,
                   const char *detail)
{
    struct json json = json_writer(out);
    json_open_object(&json);
    json_key(&json, "type");
    buf_add_text(out, "\"/problems/");
    buf_add_text(out, kind);
    buf_add_char(out, '"');
    json.comma = true;
    json_pair_text(&json, "title", title);
    json_pair_int(&json, "status", status);
    json_pair_text(&json, "detail", detail);
    json_close_object(&json);
}
