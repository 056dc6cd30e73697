#include <assert.h>
#include <stdlib.h>

#include "model/site_private.h"

static void deliver(struct loop_defer *defer, void *user);

static void schedule(struct site *site)
{
    loop_defer(site->loop, &site->deliver, deliver, site);
}

void feed_tree_changed(struct site *site)
{
    site->tree_changed = true;
    schedule(site);
}

void feed_point_changed(struct site *site, struct point *point)
{
    if (point->dirty)
        return;
    point->dirty = true;
    /* The list has room for every point (site.c grows it with the slots): nothing is allocated
     * here. */
    assert(site->dirty_count < site->dirty_capacity);
    site->dirty[site->dirty_count++] = point->id;
    schedule(site);
}

/* Points may have been removed since they were put on the list. */
static void drop_dead(struct site *site)
{
    size_t kept = 0;
    for (size_t i = 0; i < site->dirty_count; i++) {
        struct point *point = site_point(site, site->dirty[i]);
        if (!point)
            continue;
        point->dirty = false;
        site->dirty[kept++] = site->dirty[i];
    }
    site->dirty_count = kept;
}

static void sweep_feeds(struct site *site)
{
    for (struct feed **at = &site->feeds; *at;) {
        if ((*at)->active)
            at = &(*at)->next;
        else
            *at = (*at)->next;
    }
    site->feed_left = false;
}

static void deliver(struct loop_defer *defer, void *user)
{
    struct site *site = user;
    (void)defer;
    drop_dead(site);
    bool tree = site->tree_changed;
    size_t count = site->dirty_count;
    site->tree_changed = false;
    site->delivering = true;
    /* Who joins goes to the front of the list, so this walk does not meet them. */
    for (struct feed *feed = site->feeds; feed; feed = feed->next) {
        if (feed->active && tree && feed->tree)
            feed->tree(feed->user);
        if (feed->active && count && feed->changed)
            feed->changed(feed->user, site->dirty, count);
    }
    site->delivering = false;
    if (site->feed_left)
        sweep_feeds(site);
    /* A subscriber (engine) may have written points meanwhile: they lie behind `count` and come
     * next. */
    size_t fresh = site->dirty_count - count;
    for (size_t i = 0; i < fresh; i++)
        site->dirty[i] = site->dirty[count + i];
    site->dirty_count = fresh;
    if (fresh)
        schedule(site);
}

void site_subscribe(struct site *site, struct feed *feed)
{
    assert(!feed->active);
    feed->active = true;
    for (struct feed *other = site->feeds; other; other = other->next) {
        if (other == feed)
            return; /* left and joined again within one delivery: still linked */
    }
    feed->next = site->feeds;
    site->feeds = feed;
}

void site_unsubscribe(struct site *site, struct feed *feed)
{
    if (!feed->active)
        return;
    feed->active = false;
    site->feed_left = true;
    if (!site->delivering)
        sweep_feeds(site);
}

void feed_deinit(struct site *site)
{
    loop_defer_cancel(&site->deliver);
    free(site->dirty);
}
