/* line_testing - a line of either framing over a scripted peer, on the fake clock. */
#pragma once

#include "field_testing.h"

#include "field/line.h"

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct fake *fake;
    struct line *line;
    struct line_settings settings;
    unsigned order;
    int changes;
};

static inline void on_changed(void *user)
{
    ((struct fixture *)user)->changes++;
}

static inline void make_line(struct fixture *f)
{
    f->fake = fake_new(f->loop);
    f->fake->peer = f->settings.kind == LINE_MODBUS_TCP ? testing_peer_tcp : testing_peer_rtu;
    f->line = line_new(f->loop, "bus-1", &f->settings, &f->fake->transport);
    line_watch(f->line, on_changed, f);
    line_open(f->line);
    loop_advance(f->loop, 50 * CLOCK_MS);
}

static inline int setup_kind(void **state, enum line_kind kind)
{
    struct fixture *f = mem_new(sizeof *f);
    f->clock = clock_fake(TESTING_WALL);
    f->loop = loop_new(&f->clock);
    f->settings = testing_settings(kind);
    make_line(f);
    *state = f;
    return 0;
}

static inline int setup_rtu(void **state)
{
    return setup_kind(state, LINE_MODBUS_RTU);
}

static inline int setup_tcp(void **state)
{
    return setup_kind(state, LINE_MODBUS_TCP);
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;
    line_free(f->line);
    loop_free(f->loop);
    free(f);
    return 0;
}

static inline void submit(struct fixture *f, struct asked *asked, uint8_t unit, uint8_t address,
                          uint8_t count)
{
    asked_read(asked, unit, address, count);
    asked->loop = f->loop;
    asked->order = &f->order;
    line_submit(f->line, &asked->request);
}

static inline uint64_t counted(struct fixture *f, enum statistics_count what)
{
    return line_statistics(f->line)->counts[what];
}
