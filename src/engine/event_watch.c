#include "engine/event_watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/time_text.h"
#include "engine/event_limit.h"
#include "engine/event_log.h"
#include "model/site.h"

#define LOOK_EVERY (5 * CLOCK_S)
#define STEP_LEAST (2 * CLOCK_S) /* less is a clock being corrected, chrony slews up to 8 % */
#define CHANGES_AN_HOUR 12       /* of one device */

/* What has been told of a device. */
struct contact {
    struct contact *next;
    char name[LIMIT_NAME + 1];
    bool lost;        /* as it is, among online and silent */
    bool seen;        /* still in the site */
    clock_us since;   /* monotonic, when it was lost */
    unsigned changes; /* not told yet */
    struct event_limit limit;
};

struct event_watch {
    struct event_log *log;
    struct site *site;
    struct loop *loop;
    struct feed feed;
    struct loop_timer timer;
    struct map by_name;
    struct contact *contacts;
    clock_us shift; /* wall - mono when looked at last */
    bool known;
};

/* ---- contact --------------------------------------------------------------------------------- */

/* "3 min 20 s" for a person; the larger two units. */
static void format_span(clock_us us, char *text, size_t size)
{
    long long s = us / CLOCK_S;
    if (s < 60)
        snprintf(text, size, "%lld s", s);
    else if (s < 3600)
        snprintf(text, size, "%lld min %lld s", s / 60, s % 60);
    else if (s < 86400)
        snprintf(text, size, "%lld h %lld min", s / 3600, s / 60 % 60);
    else
        snprintf(text, size, "%lld d %lld h", s / 86400, s / 3600 % 24);
}

static void tell(struct event_watch *watch, struct contact *contact, const struct device *device)
{
    char text[480], detail[120], span[40], often[80] = "";
    clock_us gone = contact->lost ? 0 : loop_now(watch->loop) - contact->since;
    if (contact->changes > 1)
        snprintf(often, sizeof often, " (its state changed %u times since the event before)",
                 contact->changes);
    format_span(gone, span, sizeof span);
    if (contact->lost)
        snprintf(text, sizeof text, "%s does not answer%s%s%s", contact->name, often,
                 *device->reason ? ": " : "", device->reason);
    else
        snprintf(text, sizeof text, "%s answers again after %s%s", contact->name, span, often);
    snprintf(detail, sizeof detail, "{\"changes\":%u,\"seconds\":%lld}", contact->changes,
             (long long)(gone / CLOCK_S));
    contact->changes = 0;
    event_log_add(watch->log,
                  &(struct event){
                      .kind = contact->lost ? EVENT_CONTACT_LOST : EVENT_CONTACT_RESTORED,
                      .object = contact->name,
                      .text = text,
                      .detail = detail,
                      .said = true, /* the poller says it to the machine's log */
                  });
}

static struct contact *find(struct event_watch *watch, const char *name)
{
    struct contact *contact = map_get(&watch->by_name, name);
    if (contact)
        return contact;
    contact = mem_new(sizeof *contact);
    snprintf(contact->name, sizeof contact->name, "%s", name);
    contact->next = watch->contacts;
    watch->contacts = contact;
    map_set(&watch->by_name, contact->name, contact);
    return contact;
}

static void look_at(struct event_watch *watch, const struct device *device)
{
    struct contact *contact = find(watch, device->name);
    bool lost = device->state == DEVICE_SILENT;
    contact->seen = true;
    if ((lost || device->state == DEVICE_ONLINE) && lost != contact->lost) {
        contact->lost = lost;
        contact->changes++;
        if (lost)
            contact->since = loop_now(watch->loop);
    }
    if (contact->changes > 0 &&
        event_limit_pass(&contact->limit, CHANGES_AN_HOUR, loop_now(watch->loop)))
        tell(watch, contact, device);
}

static void sweep(struct event_watch *watch)
{
    for (struct contact **at = &watch->contacts; *at;) {
        struct contact *contact = *at;
        if (contact->seen) {
            contact->seen = false;
            at = &contact->next;
            continue;
        }
        *at = contact->next;
        map_remove(&watch->by_name, contact->name);
        free(contact);
    }
}

static void on_tree(void *user)
{
    struct event_watch *watch = user;
    for (const struct device *device = site_devices(watch->site); device; device = device->next)
        look_at(watch, device);
    sweep(watch);
}

static void on_changed(void *user, const point_id *points, size_t count)
{
    (void)user;
    (void)points;
    (void)count;
}

/* Those that wait for their limit. */
static void look_again(struct event_watch *watch)
{
    for (struct contact *contact = watch->contacts; contact; contact = contact->next) {
        const struct device *device =
            contact->changes > 0 ? site_device_find(watch->site, contact->name) : NULL;
        if (device)
            look_at(watch, device);
        contact->seen = false;
    }
}

/* ---- clock ----------------------------------------------------------------------------------- */

static void tell_step(struct event_watch *watch, clock_us by)
{
    char was[TIME_TEXT_SIZE], is[TIME_TEXT_SIZE], text[200], detail[160];
    clock_us now = clock_wall(loop_clock(watch->loop));
    time_text_format_utc(now - by, was);
    time_text_format_utc(now, is);
    snprintf(text, sizeof text, "The clock was moved %s by %.1f s: from %s to %s",
             by > 0 ? "forward" : "back", (double)(by > 0 ? by : -by) / CLOCK_S, was, is);
    snprintf(detail, sizeof detail, "{\"from\":\"%s\",\"to\":\"%s\",\"by_s\":%.3f}", was, is,
             (double)by / CLOCK_S);
    event_log_add(watch->log,
                  &(struct event){
                      .kind = EVENT_CLOCK_STEP, .object = "clock", .text = text, .detail = detail});
}

static void tell_known(struct event_watch *watch)
{
    char is[TIME_TEXT_SIZE], text[160];
    time_text_format_utc(clock_wall(loop_clock(watch->loop)), is);
    snprintf(text, sizeof text,
             "The time of day is known now, it is %s: earlier events have their dates", is);
    event_log_add(watch->log,
                  &(struct event){.kind = EVENT_CLOCK_KNOWN, .object = "clock", .text = text});
}

static void look_at_clock(struct event_watch *watch)
{
    const struct clock *clock = loop_clock(watch->loop);
    bool known = clock_wall_known(clock);
    clock_us shift = clock_wall(clock) - clock_mono(clock), by = shift - watch->shift;
    if (known && !watch->known)
        tell_known(watch);
    else if (watch->known && (by >= STEP_LEAST || by <= -STEP_LEAST))
        tell_step(watch, by);
    watch->known = known;
    watch->shift = shift;
}

static void on_timer(struct loop_timer *timer, void *user)
{
    (void)timer;
    look_at_clock(user);
    look_again(user);
}

/* ---- life ------------------------------------------------------------------------------------ */

struct event_watch *event_watch_new(struct event_log *log, struct site *site)
{
    struct event_watch *watch = mem_new(sizeof *watch);
    watch->log = log;
    watch->site = site;
    watch->loop = site_loop(site);
    const struct clock *clock = loop_clock(watch->loop);
    watch->known = clock_wall_known(clock);
    watch->shift = clock_wall(clock) - clock_mono(clock);
    watch->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = watch};
    site_subscribe(site, &watch->feed);
    loop_timer_every(watch->loop, &watch->timer, LOOK_EVERY, LOOK_EVERY, on_timer, watch);
    return watch;
}

struct event_watch *event_watch_free(struct event_watch *watch)
{
    if (!watch)
        return NULL;
    loop_timer_stop(&watch->timer);
    site_unsubscribe(watch->site, &watch->feed);
    while (watch->contacts) {
        struct contact *next = watch->contacts->next;
        free(watch->contacts);
        watch->contacts = next;
    }
    map_deinit(&watch->by_name);
    free(watch);
    return NULL;
}
