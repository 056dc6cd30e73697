#include "face/snmp_guard.h"

#include <string.h>

/* The one of this address, else the one that was told longest ago. */
static struct snmp_guard_source *source_of(struct snmp_guard *guard, const struct in6_addr *address)
{
    struct snmp_guard_source *oldest = &guard->sources[0];
    for (size_t i = 0; i < SNMP_GUARD_SOURCES; i++) {
        struct snmp_guard_source *source = &guard->sources[i];
        if (source->told && memcmp(&source->address, address, sizeof *address) == 0)
            return source;
        if (source->told < oldest->told)
            oldest = source;
    }
    *oldest = (struct snmp_guard_source){.address = *address};
    return oldest;
}

bool snmp_guard_refused(struct snmp_guard *guard, const struct in6_addr *address, clock_us now,
                        uint64_t *count)
{
    struct snmp_guard_source *source = source_of(guard, address);
    *count = ++source->since;
    if (source->told && now - source->told < SNMP_GUARD_TELL_EVERY)
        return false;
    source->told = now;
    source->since = 0;
    return true;
}

const struct snmp_guard_set *snmp_guard_find(const struct snmp_guard *guard, uint64_t print,
                                             clock_us now)
{
    for (size_t i = 0; i < SNMP_GUARD_SETS; i++) {
        const struct snmp_guard_set *set = &guard->sets[i];
        if (set->print == print && now < set->until)
            return set;
    }
    return NULL;
}

void snmp_guard_keep(struct snmp_guard *guard, const struct snmp_guard_set *set)
{
    guard->sets[guard->next_set++ % SNMP_GUARD_SETS] = *set;
}
