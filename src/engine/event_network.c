#include "engine/event_network.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/event_log.h"

#define LOOK_EVERY (5 * CLOCK_S)

/* "eth0 192.0.2.7/24" */
typedef char address_text[IF_NAMESIZE + INET6_ADDRSTRLEN + 16];

struct addresses {
    size_t count;
    address_text list[EVENT_NETWORK_MOST]; /* in order, each once */
};

struct event_network {
    struct event_log *log;
    struct loop_timer timer;
    struct addresses now;
};

/* ---- what is there --------------------------------------------------------------------------- */

static int count_bits(const uint8_t *bytes, size_t length)
{
    int bits = 0;
    for (size_t i = 0; i < length; i++)
        bits += __builtin_popcount(bytes[i]);
    return bits;
}

/* The bytes of an address or mask; NULL when it is of another family. */
static const uint8_t *bytes_of(const struct sockaddr *address, sa_family_t family)
{
    if (!address || address->sa_family != family)
        return NULL;
    return family == AF_INET
               ? (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr
               : (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
}

static bool is_of_this_place(const uint8_t *bytes, sa_family_t family)
{
    static const uint8_t loopback[16] = {[15] = 1};
    if (family == AF_INET)
        return bytes[0] == 127;
    return memcmp(bytes, loopback, sizeof loopback) == 0 ||
           (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);
}

/* False when this entry is none that counts. */
static bool format_address(const struct ifaddrs *entry, address_text text)
{
    char number[INET6_ADDRSTRLEN];
    sa_family_t family = entry->ifa_addr ? entry->ifa_addr->sa_family : AF_UNSPEC;
    if (family != AF_INET && family != AF_INET6)
        return false;
    const uint8_t *bytes = bytes_of(entry->ifa_addr, family);
    const uint8_t *mask = bytes_of(entry->ifa_netmask, family);
    size_t length = family == AF_INET ? 4 : 16;
    if (is_of_this_place(bytes, family) || !inet_ntop(family, bytes, number, sizeof number))
        return false;
    snprintf(text, sizeof(address_text), "%.*s %s/%d", IF_NAMESIZE - 1, entry->ifa_name, number,
             mask ? count_bits(mask, length) : (int)length * 8);
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void collect(struct addresses *addresses, const struct ifaddrs *list)
{
    size_t count = 0;
    for (; list && count < EVENT_NETWORK_MOST; list = list->ifa_next)
        count += format_address(list, addresses->list[count]);
    qsort(addresses->list, count, sizeof *addresses->list, by_text);
    addresses->count = 0;
    for (size_t i = 0; i < count; i++) {
        char *kept = addresses->list[addresses->count];
        if (addresses->count > 0 && strcmp(addresses->list[i], kept - sizeof(address_text)) == 0)
            continue;
        memmove(kept, addresses->list[i], sizeof(address_text));
        addresses->count++;
    }
}

/* ---- telling --------------------------------------------------------------------------------- */

static void tell(struct event_network *network, const char *address, bool gone)
{
    char text[200], detail[160], name[IF_NAMESIZE];
    const char *number = strchr(address, ' ') + 1;
    snprintf(name, sizeof name, "%.*s", (int)(number - 1 - address), address);
    snprintf(text, sizeof text, gone ? "%s no longer has the address %s" : "%s has the address %s",
             name, number);
    snprintf(detail, sizeof detail, "{\"address\":\"%s\",\"gone\":%s}", number,
             gone ? "true" : "false");
    event_log_add(network->log, &(struct event){.kind = EVENT_NETWORK_CHANGE,
                                                .object = name,
                                                .text = text,
                                                .detail = detail});
}

void event_network_take(struct event_network *network, const struct ifaddrs *list)
{
    static const address_text end = "";
    struct addresses next;
    size_t was = 0, is = 0;
    collect(&next, list);
    while (was < network->now.count || is < next.count) {
        const char *old = was < network->now.count ? network->now.list[was] : end;
        const char *new = is < next.count ? next.list[is] : end;
        int order = !*old ? 1 : !*new ? -1 : strcmp(old, new);
        if (order != 0)
            tell(network, order < 0 ? old : new, order < 0);
        was += order <= 0;
        is += order >= 0;
    }
    network->now = next;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_timer(struct loop_timer *timer, void *user)
{
    (void)timer;
    struct ifaddrs *list;
    if (getifaddrs(&list) != 0)
        return; /* no memory, no descriptor: the next look tells */
    event_network_take(user, list);
    freeifaddrs(list);
}

struct event_network *event_network_new(struct event_log *log, struct loop *loop)
{
    struct event_network *network = mem_new(sizeof *network);
    struct ifaddrs *list;
    network->log = log;
    network->timer = LOOP_TIMER_EMPTY;
    if (getifaddrs(&list) == 0) {
        collect(&network->now, list);
        freeifaddrs(list);
    }
    loop_timer_every(loop, &network->timer, LOOK_EVERY, LOOK_EVERY, on_timer, network);
    return network;
}

struct event_network *event_network_free(struct event_network *network)
{
    if (!network)
        return NULL;
    loop_timer_stop(&network->timer);
    free(network);
    return NULL;
}
