#include "engine/load.h"
#include "face/api_operations.h"
#include "face/api_records.h"
#include "face/settings_change.h"
#include "face/web_private.h"

static void write_budget(struct json *json, const struct request *request,
                         const struct load_view *view)
{
    static const char *const bases[] = {"measured", "outlets", "guessed", "unknown"};
    const struct load_settings *settings = view->settings;
    json_open_object(json);
    json_pair_text(json, "name", view->name);
    json_pair_text(json, "label", *settings->label ? settings->label : view->name);
    api_record_pair_fixed(json, request, "budgets", view->name);
    json_pair_text(json, "of", settings->of);
    json_key(json, "limit");
    json_decimal(json, settings->limit, 3);
    json_pair_text(json, "unit", settings->unit == LOAD_AMPERES ? "A" : "W");
    json_key(json, "now");
    json_decimal(json, view->now, 3);
    json_pair_text(json, "basis", bases[view->basis]);
    json_pair_bool(json, "over", view->over);
    json_pair_bool(json, "shedding", view->shedding);
    json_pair_int(json, "shed", view->shed);
    json_close_object(json);
}

void api_budgets_list(struct request *request)
{
    const struct load *load = request->web->context.load;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_array(&json);
    for (size_t i = 0; load && i < load_count(load); i++) {
        const struct load_view view = load_view(load, i);
        write_budget(&json, request, &view);
    }
    json_close_array(&json);
    settings_add_etag(request);
    request_answer_json(request, &body);
}
