#include "face/route.h"

#include <stdio.h>
#include <string.h>

static const char *const method_names[] = {"GET", "POST", "PUT", "DELETE"};

enum http_method http_method_find(const char *name)
{
    if (strcmp(name, "HEAD") == 0)
        return HTTP_GET;
    for (int i = 0; i < HTTP_METHODS; i++) {
        if (strcmp(name, method_names[i]) == 0)
            return (enum http_method)i;
    }
    return HTTP_METHODS;
}

void route_allow(unsigned allowed, char *text, size_t size)
{
    text[0] = '\0';
    for (int i = 0; i < HTTP_METHODS; i++) {
        size_t used = strlen(text);
        if (allowed & 1u << i)
            snprintf(text + used, size - used, "%s%s%s", used ? ", " : "", method_names[i],
                     i == HTTP_GET ? ", HEAD" : "");
    }
}

/* Fills the values of `match` when `path` fits the template. */
static bool fits(const char *template, const char *path, struct route_match *match)
{
    size_t values = 0;
    while (*template) {
        if (*template != '{') {
            if (*template ++ != *path++)
                return false;
            continue;
        }
        const char *end = strchr(template, '}');
        bool rest = end[-1] == '+';
        size_t length = rest ? strlen(path) : strcspn(path, "/");
        if (length == 0)
            return false;
        match->values[values] = path;
        match->lengths[values++] = length;
        path += length;
        template = end + 1;
    }
    return *path == '\0';
}

enum route_outcome route_find(const struct route *routes, size_t count, enum http_method method,
                              const char *path, struct route_match *match)
{
    *match = (struct route_match){0};
    for (size_t i = 0; i < count; i++) {
        struct route_match tried = {0};
        if (!fits(routes[i].path, path, &tried))
            continue;
        match->allowed |= 1u << routes[i].method;
        if (routes[i].method == method && !match->route) {
            memcpy(match->values, tried.values, sizeof tried.values);
            memcpy(match->lengths, tried.lengths, sizeof tried.lengths);
            match->route = &routes[i];
        }
    }
    return match->route ? ROUTE_FOUND : match->allowed ? ROUTE_NO_METHOD : ROUTE_NO_PATH;
}
