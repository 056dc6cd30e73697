#include "face/live_alarms.h"

#include <stdlib.h>
#include <string.h>

#include "face/alarm_json.h"

#define LOOK_EVERY CLOCK_S

/* What happened to an alarm since the last event; its id alone is kept, what it is is looked up. */
struct changed {
    uint32_t id;
    enum alarm_change change;
};

struct live_alarms {
    struct loop *loop;
    struct alarms *alarms;
    struct live *live;
    struct alarm_watch watch;
    struct loop_timer timer, look_timer;
    struct loop_defer defer;  /* one of both sends */
    struct alarm_counts told; /* the counts that were sent last, of so many alarms */
    size_t told_total;
    clock_us full; /* when the burst is whole again; one event takes a gap of it */
    struct changed changed[LIVE_ALARMS_MOST];
    size_t count;
    bool more;
};

/* {"alarms":[{…,"change":"raised"}],"counts":{…},"more":false} */
static void write_event(struct live_alarms *news, struct buf *out)
{
    const struct alarm_json_view view = {.now = loop_now(news->loop)};
    struct json json = json_writer(out);
    struct alarm_view alarm;
    bool more = news->more;
    json_open_object(&json);
    json_key(&json, "alarms");
    json_open_array(&json);
    for (size_t i = 0; i < news->count; i++) {
        if (alarms_find(news->alarms, news->changed[i].id, &alarm))
            alarm_json_write(&json, &alarm, &view, news->changed[i].change);
        else
            more = true; /* its rule or its point has gone: the list is another one */
    }
    json_close_array(&json);
    news->told = alarms_counts(news->alarms);
    news->told_total = alarms_count(news->alarms);
    json_key(&json, "counts");
    alarm_json_write_counts(&json, &news->told);
    json_pair_bool(&json, "more", more);
    json_close_object(&json);
}

static void send_now(struct live_alarms *news)
{
    struct buf text = BUF_EMPTY;
    clock_us now = loop_now(news->loop);
    write_event(news, &text);
    news->count = 0;
    news->more = false;
    news->full = (news->full > now ? news->full : now) + LIVE_ALARMS_GAP;
    if (!text.failed)
        live_say(news->live, "alarm", text.data, text.length);
    buf_deinit(&text);
}

static void on_time(struct loop_timer *timer, void *user)
{
    (void)timer;
    send_now(user);
}

static void on_defer(struct loop_defer *defer, void *user)
{
    (void)defer;
    send_now(user);
}

/* At the end of this turn, or when the gap is over. Never from inside a call of the engine: the one
 * who changes an alarm has not finished. */
static void send_soon(struct live_alarms *news)
{
    clock_us now = loop_now(news->loop), due = news->full - LIVE_ALARMS_BURST * LIVE_ALARMS_GAP;
    if (loop_timer_running(&news->timer))
        return;
    if (due > now)
        loop_timer_at(news->loop, &news->timer, due, on_time, news);
    else
        loop_defer(news->loop, &news->defer, on_defer, news);
}

/* Alarms go with their rule or their device, of which nobody is told. */
static void on_look(struct loop_timer *timer, void *user)
{
    struct live_alarms *news = user;
    const struct alarm_counts counts = alarms_counts(news->alarms);
    (void)timer;
    if (news->told_total == alarms_count(news->alarms) &&
        memcmp(&counts, &news->told, sizeof counts) == 0)
        return;
    news->more = true;
    send_soon(news);
}

/* Two things that happened to one alarm within a gap: the later one is what is seen, but a trip is
 * not hidden by what came of it in the same moment. */
static enum alarm_change later(enum alarm_change before, enum alarm_change change)
{
    return change == ALARM_TOUCHED ? before : change;
}

static void on_changed(void *user, const struct alarm_view *alarm, enum alarm_change change)
{
    struct live_alarms *news = user;
    size_t i = 0;
    while (i < news->count && news->changed[i].id != alarm->id)
        i++;
    if (i == LIVE_ALARMS_MOST)
        news->more = true;
    else if (i == news->count)
        news->changed[news->count++] = (struct changed){alarm->id, change};
    else
        news->changed[i].change = later(news->changed[i].change, change);
    send_soon(news);
}

struct live_alarms *live_alarms_new(struct loop *loop, struct alarms *alarms, struct live *live)
{
    struct live_alarms *news = calloc(1, sizeof *news);
    if (!news)
        return NULL;
    news->loop = loop;
    news->alarms = alarms;
    news->live = live;
    news->watch = (struct alarm_watch){.changed = on_changed, .user = news};
    alarms_watch(alarms, &news->watch);
    news->told = alarms_counts(alarms);
    news->told_total = alarms_count(alarms);
    loop_timer_every(loop, &news->look_timer, LOOK_EVERY, LOOK_EVERY, on_look, news);
    return news;
}

struct live_alarms *live_alarms_free(struct live_alarms *news)
{
    if (!news)
        return NULL;
    alarms_unwatch(news->alarms, &news->watch);
    loop_timer_stop(&news->timer);
    loop_timer_stop(&news->look_timer);
    loop_defer_cancel(&news->defer);
    free(news);
    return NULL;
}
