/* fuzz_gateway - what people write into the settings of a gateway: routes, units, networks. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip_net.h"
#include "face/gateway_rule.h"
#include "face/gateway_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_routes(struct arena *arena, const char *text)
{
    struct gateway_route routes[256];
    struct err err = ERR_EMPTY;
    if (gateway_routes_parse(routes, arena, text, &err) < 0) {
        if (!*err.text)
            abort();
        return;
    }
    for (unsigned unit = 0; unit < 256; unit++) {
        bool sunspec;
        if (!routes[unit].line)
            continue;
        bool own = gateway_route_device(routes[unit].line, &sunspec) != NULL;
        if (!*routes[unit].line || unit < 1 ||
            (!own && (routes[unit].unit < 1 || routes[unit].unit > 247)))
            abort();
    }
}

static void check_spans(struct arena *arena, const char *text)
{
    struct gateway_span *spans;
    size_t count;
    struct err err = ERR_EMPTY;
    if (gateway_spans_parse(&spans, &count, arena, text, 0, 65535, "register", &err) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (spans[i].first > spans[i].last)
            abort();
    }
}

static void check_net(const char *text, size_t length)
{
    struct ip_net net;
    if (ip_net_parse(&net, text, length, NULL) == 0 &&
        (net.bits > 128 || !ip_net_holds(&net, &net.address)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    struct arena *arena = arena_new();
    check_routes(arena, text);
    check_spans(arena, text);
    check_net(text, size);
    arena_free(arena);
    free(text);
    return 0;
}
