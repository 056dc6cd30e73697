/* transport - how bytes reach a line: a serial port, a TCP connection, or a test's script.
 *
 * A small interface, so that queue, framing and polling are tested against scripted peers on the
 * fake clock. A transport knows no protocol, repeats nothing and decides nothing: it opens when
 * told, says what arrived and that it broke, with a sentence. Owned by its line; loop thread only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "field/line_settings.h"

struct transport;

/* What the owner is told; never from inside one of the calls below. */
struct transport_events {
    void (*opened)(void *user); /* after an open that returned -EINPROGRESS */
    void (*received)(void *user, const uint8_t *bytes, size_t length);
    /* Could not be opened after all, or broke; it is closed already. */
    void (*closed)(void *user, const char *reason);
};

/* What the port itself has noticed since it was opened. */
struct transport_faults {
    uint32_t framing, parity, overruns, breaks;
};

struct transport_kind {
    /* 0: open. -EINPROGRESS: opened() or closed() follows. Else negative errno and `err`. */
    int (*open)(struct transport *transport, struct err *err);
    /* Idempotent; no event follows. */
    void (*close)(struct transport *transport);
    /* Takes all bytes: 0, or negative errno when the transport is of no use any more. */
    int (*send)(struct transport *transport, const uint8_t *bytes, size_t length);
    /* Throws away what has arrived and was not yet said: count of bytes. */
    size_t (*drain)(struct transport *transport);
    void (*free)(struct transport *transport); /* closes first */
    /* False when the port does not count them; NULL: none of this kind does. */
    bool (*faults)(struct transport *transport, struct transport_faults *faults);
};

struct transport {
    const struct transport_kind *kind;
    const struct transport_events *events; /* set by the owner, with user, before open */
    void *user;
};

/* Settings and loop are borrowed and must outlive the transport. */
struct transport *transport_serial_new(struct loop *loop, const struct line_settings *settings);
/* Digital lines of this machine, answered in the form of Modbus TCP. `chip` is taken over; NULL
 * makes the kernel's. */
struct gpio_chip;
struct transport *transport_gpio_new(struct loop *loop, const struct line_settings *settings,
                                     struct gpio_chip *chip);
/* Before the first open: who keeps the counts of pulses (borrowed); without, they are lost. */
struct pulse_counts;
void transport_gpio_keep(struct transport *transport, struct pulse_counts *counts);
struct transport *transport_tcp_new(struct loop *loop, const struct line_settings *settings);
