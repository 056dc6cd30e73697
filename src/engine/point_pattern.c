#include "engine/point_pattern.h"

#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "model/component.h"
#include "model/quantity.h"

#define SEGMENTS 3

static int check_segment(const char *text, size_t length, struct err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-*";
    if (length == 0)
        return err_set(err, -EINVAL, "has an empty part: write device/component/quantity");
    size_t good = strspn(text, allowed);
    if (good < length)
        return err_set(err, -EINVAL,
                       "has the character \"%.4s\": names are lower-case letters, digits and "
                       "\".\", \"_\", \"-\"; * stands for any part of a name",
                       text + good);
    return 0;
}

static int check_component(const char *text, size_t length, struct err *err)
{
    char name[POINT_PATTERN_MOST + 1];
    enum component_kind kind;
    int number;
    if (memchr(text, '*', length) || component_parse(text, length, &kind, &number))
        return 0;
    memcpy(name, text, length);
    name[length] = '\0';
    const char *near = component_nearest(name);
    return err_set(err, -EINVAL, "\"%.60s\" is no component%s%s%s", name,
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int check_quantity(const char *name, struct err *err)
{
    if (strchr(name, '*'))
        return 0;
    enum quantity quantity = quantity_find(name);
    if (quantity == QUANTITY_NONE) {
        size_t count;
        const struct quantity_row *list = quantity_rows(&count);
        const char *near = nearest_word(name, &list->name, count, sizeof *list);
        return err_set(err, -EINVAL, "\"%.60s\" is no quantity%s%s%s", name,
                       near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    return 0;
}

int point_pattern_check(const char *pattern, struct err *err)
{
    const char *at = pattern, *parts[SEGMENTS];
    size_t lengths[SEGMENTS], count = 0;
    if (strlen(pattern) > POINT_PATTERN_MOST)
        return err_set(err, -EINVAL, "is longer than %d characters", POINT_PATTERN_MOST);
    for (;;) {
        size_t length = strcspn(at, "/");
        if (check_segment(at, length, err) < 0)
            return err->code;
        if (count == SEGMENTS || (at[length] == '\0' && count + 1 < SEGMENTS))
            return err_set(err, -EINVAL,
                           "must have three parts, device/component/quantity, as in "
                           "pdu-a/outlet-*/current or */total/*, not \"%.60s\"",
                           pattern);
        parts[count] = at;
        lengths[count++] = length;
        if (at[length] == '\0')
            break;
        at += length + 1;
    }
    int result = check_component(parts[1], lengths[1], err);
    return result < 0 ? result : check_quantity(parts[2], err);
}

/* One pass: a star never reaches over a slash, so only the last one of a segment is tried again. */
bool point_pattern_fits(const char *pattern, size_t length, const char *path)
{
    const char *end = pattern + length, *star = NULL, *again = NULL;
    for (;;) {
        if (pattern < end && *pattern == '*') {
            star = ++pattern;
            again = path;
        } else if (pattern == end ? *path == '\0' : *pattern == *path) {
            if (pattern == end)
                return true;
            if (*path == '/')
                star = NULL;
            pattern++;
            path++;
        } else if (star && *again && *again != '/') {
            pattern = star;
            path = ++again;
        } else {
            return false;
        }
    }
}

bool point_pattern_matches(const char *pattern, const char *path)
{
    return point_pattern_fits(pattern, strlen(pattern), path);
}
