#include "face/point_select.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void point_select_deinit(struct point_select *select)
{
    free(select->text);
    *select = POINT_SELECT_EMPTY;
}

static int add(struct point_select *select, char kind, const char *name)
{
    size_t length = strlen(name) + 2;
    if (select->devices + select->paths == POINT_SELECT_TERMS ||
        select->length + length > POINT_SELECT_TEXT)
        return -E2BIG;
    if (select->length + length > select->capacity) {
        size_t capacity = (select->length + length) * 2;
        char *text = realloc(select->text, capacity);
        if (!text)
            return -ENOMEM;
        select->text = text;
        select->capacity = capacity;
    }
    select->text[select->length] = kind;
    memcpy(select->text + select->length + 1, name, length - 1);
    select->length += length;
    return 0;
}

int point_select_device(struct point_select *select, const char *name)
{
    int result = add(select, 'd', name);
    select->devices += result == 0;
    return result;
}

int point_select_path(struct point_select *select, const char *path)
{
    int result = add(select, 'p', path);
    select->paths += result == 0;
    return result;
}

bool point_select_equal(const struct point_select *a, const struct point_select *b)
{
    return a->length == b->length && (!a->length || memcmp(a->text, b->text, a->length) == 0);
}

int point_select_copy(struct point_select *to, const struct point_select *from)
{
    *to = POINT_SELECT_EMPTY;
    if (!from->length)
        return 0;
    to->text = malloc(from->length);
    if (!to->text)
        return -ENOMEM;
    memcpy(to->text, from->text, from->length);
    to->length = to->capacity = from->length;
    to->devices = from->devices;
    to->paths = from->paths;
    return 0;
}

/* The next term after `*at`, or NULL; `*at` starts at 0. */
static const char *next_term(const struct point_select *select, size_t *at)
{
    if (*at >= select->length)
        return NULL;
    const char *term = select->text + *at;
    *at += strlen(term) + 1;
    return term;
}

static bool is_pattern(const char *path)
{
    size_t length = strlen(path);
    return length > 0 && path[length - 1] == '*';
}

static bool path_matches(const char *pattern, const char *path)
{
    return is_pattern(pattern) ? strncmp(pattern, path, strlen(pattern) - 1) == 0
                               : strcmp(pattern, path) == 0;
}

static bool device_chosen(const struct point_select *select, const char *name)
{
    if (!select->devices)
        return true;
    const char *term;
    for (size_t at = 0; (term = next_term(select, &at));) {
        if (term[0] == 'd' && strcmp(term + 1, name) == 0)
            return true;
    }
    return false;
}

static bool path_chosen(const struct point_select *select, const char *path)
{
    if (!select->paths)
        return true;
    const char *term;
    for (size_t at = 0; (term = next_term(select, &at));) {
        if (term[0] == 'p' && path_matches(term + 1, path))
            return true;
    }
    return false;
}

bool point_select_matches(const struct point_select *select, const struct point *point)
{
    return device_chosen(select, point->component->device->name) &&
           path_chosen(select, point->path);
}

int point_select_check(const struct point_select *select, const struct site *site, struct err *err)
{
    const char *term;
    for (size_t at = 0; (term = next_term(select, &at));) {
        const char *name = term + 1;
        if (term[0] == 'd' && !site_device_find(site, name))
            return err_set(err, -ENOENT,
                           "there is no device \"%.80s\"; GET /api/v1/site lists them", name);
        if (term[0] == 'p' && !is_pattern(name) && !site_point_find(site, name))
            return err_set(err, -ENOENT,
                           "there is no point \"%.160s\"; GET /api/v1/site lists them", name);
    }
    return 0;
}

void point_select_each(const struct point_select *select, const struct site *site,
                       void (*fn)(void *user, const struct point *point), void *user)
{
    for (const struct device *device = site_devices(site); device; device = device->next) {
        if (!device_chosen(select, device->name))
            continue;
        for (const struct component *part = device->components; part; part = part->next) {
            for (const struct point *point = part->points; point; point = point->next) {
                if (path_chosen(select, point->path))
                    fn(user, point);
            }
        }
    }
}
