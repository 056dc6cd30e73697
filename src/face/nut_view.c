/* What the API shows of the NUT server, and what a person does through it. */

#include <errno.h>

#include "base/nearest.h"
#include "face/nut_private.h"

struct nut_view nut_view(const struct nut *nut)
{
    const struct nut_context *context = &nut->context;
    return (struct nut_view){
        .listen = nut->settings->listen,
        .port = nut->bound,
        .problem = nut->problem,
        .tls = nut->port && context->certificate(context->user),
        .tls_required = nut->settings->tls == NUT_TLS_REQUIRED,
        .clients = nut->client_count,
        .accepted = nut->accepted,
        .turned_away = nut->turned_away,
        .slow = nut->slow,
        .counts = nut->counts,
    };
}

void nut_ups_each(const struct nut *nut, void (*fn)(void *to, const struct nut_ups_view *view),
                  void *to)
{
    static const char *const contacts[] = {"fine", "stale", "none"};
    for (size_t i = 0; i < nut->offer.count; i++) {
        const struct nut_ups *ups = &nut->offer.list[i];
        const struct device *supply = nut_ups_supply(&nut->model, ups);
        char status[80];
        nut_ups_status(&nut->model, ups, status, sizeof status);
        fn(to, &(struct nut_ups_view){.name = ups->name,
                                      .label = ups->label,
                                      .device = ups->device,
                                      .group = ups->group,
                                      .supply = supply ? supply->name : NULL,
                                      .contact = contacts[nut_ups_contact(&nut->model, ups)],
                                      .status = status,
                                      .attached = nut_attached(nut, ups->name),
                                      .low = ups->stage.low,
                                      .forced = shutdown_forced(&ups->stage),
                                      .outlets_off = ups->stage.off,
                                      .on_battery_since = ups->stage.battery_since,
                                      .forced_since = ups->stage.fsd_since});
    }
}

void nut_clients_each(const struct nut *nut,
                      void (*fn)(void *to, const struct nut_client_view *view), void *to)
{
    for (const struct nut_client *client = nut->clients; client; client = client->next)
        fn(to, &(struct nut_client_view){.address = client->address_text,
                                         .port = client->remote_port,
                                         .user = client->signed_in ? client->user : "",
                                         .attached = client->attached,
                                         .encrypted = nut_link_encrypted(&client->link),
                                         .primary = client->primary,
                                         .since = client->since,
                                         .asked = client->asked});
}

/* ---- what a person does ---------------------------------------------------------------------- */

static struct nut_ups *find(struct nut *nut, const char *name, struct err *err)
{
    nut_refresh(nut);
    struct nut_ups *ups = nut_offer_find(&nut->offer, name);
    const char *guess =
        ups || !nut->offer.count
            ? NULL
            : nearest_word(name, &nut->offer.list->name, nut->offer.count, sizeof *nut->offer.list);
    if (!ups)
        err_set(err, -ENOENT, "there is no ups \"%.63s\"%s%s%s", name,
                guess ? "; did you mean " : "", guess ? guess : "", guess ? "?" : "");
    return ups;
}

int nut_shutdown_set(struct nut *nut, const char *ups, bool forced, const struct nut_person *person,
                     struct err *err)
{
    struct nut_ups *found = find(nut, ups, err);
    if (!found)
        return -ENOENT;
    if (!nut_may_force(nut, found, person->actor, person->role, err))
        return -EACCES;
    if (forced ? nut_stage_force(nut, found, person->actor, person->origin)
               : nut_stage_end(nut, found, person->actor, person->origin))
        return 0;
    return err_set(
        err, -EALREADY,
        forced ? "the shutdown of %.63s is forced already" : "no shutdown of %.63s is forced", ups);
}
