/* site_private - what site.c, point.c and feed.c share; nobody else includes this. */
#pragma once

#include "base/map.h"
#include "base/mem.h"
#include "model/site.h"

/* A slot outlives its point: the generation tells old ids from new ones. */
struct point_slot_entry {
    struct point *point; /* NULL: free */
    uint32_t generation, next_free;
};

struct site {
    struct loop *loop;
    struct device *devices;
    size_t device_count, point_count;
    struct map devices_by_name, points_by_path;
    struct point_slot_entry *slots;
    uint32_t slot_count, first_free; /* slot 0 stays unused: 0 is never an id */
    size_t slot_capacity;
    uint64_t revision;

    struct feed *feeds;
    struct loop_defer deliver;
    point_id *dirty;
    size_t dirty_count, dirty_capacity;
    bool tree_changed;
    bool delivering, feed_left;
};

/* A device with the memory of all below it. */
struct device_block {
    struct device device; /* first: the public part is what others hold */
    struct arena *arena;
};

/* Remember that the tree or the point changed, for the end of the turn. */
void feed_tree_changed(struct site *site);
void feed_point_changed(struct site *site, struct point *point);

/* The site is going away. */
void feed_deinit(struct site *site);
