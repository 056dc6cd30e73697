#include "engine/event_limit.h"

#define HOUR (3600 * CLOCK_S)

bool event_limit_pass(struct event_limit *limit, unsigned an_hour, clock_us now)
{
    if (an_hour == 0)
        return true;
    clock_us share = HOUR / an_hour;
    clock_us begin = limit->empty_until > now ? limit->empty_until : now;
    if (begin + share > now + HOUR) {
        limit->held++;
        return false;
    }
    limit->empty_until = begin + share;
    return true;
}
