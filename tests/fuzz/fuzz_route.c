/* fuzz_route - paths and queries against the route table, selections of points, and ids of events.
 */
#include <stdlib.h>
#include <string.h>

#include "face/api.h"
#include "face/live_channel.h"
#include "face/point_select.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_match(const char *path, const struct route_match *match)
{
    const char *end = path + strlen(path);
    for (size_t i = 0; i < ROUTE_PARAMETERS; i++) {
        const char *value = match->values[i];
        if (value && (value < path || match->lengths[i] == 0 || value + match->lengths[i] > end))
            abort();
    }
}

static void look_up(const char *path)
{
    for (int method = 0; method <= HTTP_METHODS; method++) {
        struct route_match match;
        enum route_outcome outcome =
            route_find(api_routes, api_route_count, (enum http_method)method, path, &match);
        char allow[64];
        route_allow(match.allowed, allow, sizeof allow);
        if ((outcome == ROUTE_FOUND) != (match.route != NULL) ||
            (outcome == ROUTE_NO_PATH) != (match.allowed == 0))
            abort();
        check_match(path, &match);
    }
    http_method_find(path);
}

static void select_points(struct site *site, char *text)
{
    struct point_select select = POINT_SELECT_EMPTY;
    char *rest = NULL;
    for (char *word = strtok_r(text, "&", &rest); word; word = strtok_r(NULL, "&", &rest)) {
        if (word[0] == 'd')
            point_select_device(&select, word + 1);
        else
            point_select_path(&select, word);
    }
    struct err err = ERR_EMPTY;
    point_select_check(&select, site, &err);
    for (const struct device *device = site_devices(site); device; device = device->next)
        point_select_matches(&select, device->components->points);
    point_select_deinit(&select);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct clock clock;
    struct loop *loop;
    struct site *site;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    look_up(text);
    clock = clock_fake(1790000000LL * CLOCK_S);
    loop = loop_new(&clock);
    site = site_new(loop);
    struct device *device = site_device_add(
        site, &(struct device_spec){.name = "m-1", .role = "meter", .every = CLOCK_S});
    component_point_add(device_component(device, COMPONENT_PHASE, 1), QUANTITY_VOLTAGE);
    struct live_channel channel = {.epoch = 0x0123456789abcdef, .ring = LIVE_RING_EMPTY};
    if (live_channel_cursor(&channel, text) > channel.ring.next)
        abort();
    select_points(site, text);
    site_free(site);
    loop_free(loop);
    free(text);
    return 0;
}
