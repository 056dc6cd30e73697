#include "face/point_list.h"

#include <stdlib.h>

#include "face/block.h"

#define ENTRIES 8

struct entry {
    struct point_select select;
    enum time_form form;
    struct block *block; /* NULL: empty */
    clock_us made, used;
};

struct point_lists {
    struct site *site;
    struct point_json *points;
    struct feed feed;
    struct entry entries[ENTRIES];
    struct buf work;
};

/* ---- rendering ------------------------------------------------------------------------------- */

struct writing {
    struct point_json *points;
    struct buf *out;
    enum time_form form;
    clock_us now;
    bool comma;
};

static void write_point(void *user, const struct point *point)
{
    struct writing *writing = user;
    if (writing->comma)
        buf_add_char(writing->out, ',');
    writing->comma = true;
    point_json_add(writing->points, writing->out, point, writing->form, writing->now);
}

void point_list_write(struct point_json *points, struct site *site,
                      const struct point_select *select, enum time_form form, clock_us now,
                      struct buf *out)
{
    struct writing writing = {.points = points, .out = out, .form = form, .now = now};
    buf_add_char(out, '[');
    point_select_each(select, site, write_point, &writing);
    buf_add_char(out, ']');
}

/* ---- keeping --------------------------------------------------------------------------------- */

static void forget_all(struct point_lists *lists)
{
    for (size_t i = 0; i < ENTRIES; i++)
        lists->entries[i].block = block_unref(lists->entries[i].block);
}

static void on_changed(void *user, const point_id *points, size_t count)
{
    (void)points;
    (void)count;
    forget_all(user);
}

static void on_tree(void *user)
{
    forget_all(user);
}

struct point_lists *point_lists_new(struct site *site, struct point_json *points)
{
    struct point_lists *lists = calloc(1, sizeof *lists);
    if (!lists)
        return NULL;
    lists->site = site;
    lists->points = points;
    lists->feed = (struct feed){.changed = on_changed, .tree = on_tree, .user = lists};
    site_subscribe(site, &lists->feed);
    return lists;
}

struct point_lists *point_lists_free(struct point_lists *lists)
{
    if (!lists)
        return NULL;
    site_unsubscribe(lists->site, &lists->feed);
    forget_all(lists);
    for (size_t i = 0; i < ENTRIES; i++)
        point_select_deinit(&lists->entries[i].select);
    buf_deinit(&lists->work);
    free(lists);
    return NULL;
}

/* The entry of this question, else the one that was not asked for the longest time. */
static struct entry *entry_for(struct point_lists *lists, const struct point_select *select,
                               enum time_form form)
{
    struct entry *oldest = &lists->entries[0];
    for (size_t i = 0; i < ENTRIES; i++) {
        struct entry *entry = &lists->entries[i];
        if (entry->used && entry->form == form && point_select_equal(&entry->select, select))
            return entry;
        if (entry->used < oldest->used)
            oldest = entry;
    }
    point_select_deinit(&oldest->select);
    oldest->block = block_unref(oldest->block);
    oldest->used = 0;
    if (point_select_copy(&oldest->select, select) < 0)
        return NULL;
    oldest->form = form;
    return oldest;
}

struct block *point_lists_get(struct point_lists *lists, const struct point_select *select,
                              enum time_form form)
{
    clock_us now = loop_now(site_loop(lists->site));
    struct entry *entry = entry_for(lists, select, form);
    if (!entry)
        return NULL;
    entry->used = now;
    if (entry->block && now - entry->made < POINT_LIST_MS * CLOCK_MS)
        return block_ref(entry->block);
    entry->block = block_unref(entry->block);
    buf_clear(&lists->work);
    point_list_write(lists->points, lists->site, select, form, now, &lists->work);
    if (!lists->work.failed)
        entry->block = block_from(lists->work.data, lists->work.length);
    entry->made = now;
    return entry->block ? block_ref(entry->block) : NULL;
}
