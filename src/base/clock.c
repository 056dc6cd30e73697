#include "base/clock.h"

#include <assert.h>
#include <time.h>

/* 2024-01-01T00:00:00Z: this program did not exist before, so an earlier date is no date. */
#define EARLIEST_WALL (1704067200LL * CLOCK_S)

static clock_us read_system(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (clock_us)now.tv_sec * CLOCK_S + now.tv_nsec / 1000;
}

struct clock clock_system(void)
{
    return (struct clock){.fake = false};
}

struct clock clock_fake(clock_us wall)
{
    return (struct clock){
        .fake = true,
        .fake_mono = CLOCK_S,
        .fake_wall_offset = wall - CLOCK_S,
        .fake_wall_known = true,
    };
}

clock_us clock_mono(const struct clock *clock)
{
    return clock->fake ? clock->fake_mono : read_system(CLOCK_BOOTTIME);
}

clock_us clock_wall(const struct clock *clock)
{
    return clock->fake ? clock->fake_mono + clock->fake_wall_offset : read_system(CLOCK_REALTIME);
}

bool clock_wall_known(const struct clock *clock)
{
    return clock->fake ? clock->fake_wall_known : clock_wall(clock) >= EARLIEST_WALL;
}

void clock_fake_advance(struct clock *clock, clock_us by)
{
    assert(clock->fake && by >= 0);
    clock->fake_mono += by;
}

void clock_fake_step_wall(struct clock *clock, clock_us by)
{
    assert(clock->fake);
    clock->fake_wall_offset += by;
}
