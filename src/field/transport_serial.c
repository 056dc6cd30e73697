#include "field/transport.h"

#include <errno.h>
#include <linux/serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/mem.h"
#include "base/serial.h"
#include "base/stream.h"

struct serial {
    struct transport transport; /* first */
    const struct line_settings *settings;
    struct stream stream;
    struct transport_faults before; /* what the port had counted when it was opened */
};

static struct serial *serial_of(struct transport *transport)
{
    return (struct serial *)transport;
}

/* Not every driver counts: pseudo-terminals and some USB adaptors do not. */
static bool read_faults(int fd, struct transport_faults *faults)
{
    struct serial_icounter_struct count;
    if (fd < 0 || ioctl(fd, TIOCGICOUNT, &count) < 0)
        return false;
    *faults = (struct transport_faults){
        .framing = (uint32_t)count.frame,
        .parity = (uint32_t)count.parity,
        .overruns = (uint32_t)count.overrun + (uint32_t)count.buf_overrun,
        .breaks = (uint32_t)count.brk,
    };
    return true;
}

static int port_open(struct transport *transport, struct err *err)
{
    struct serial *serial = serial_of(transport);
    const struct line_settings *settings = serial->settings;
    int fd =
        serial_open(&(const struct serial_setup){.port = settings->port,
                                                 .baud = line_settings_baud(settings),
                                                 .parity = (enum serial_parity)settings->parity,
                                                 .stop_bits = (int)settings->stop_bits,
                                                 .rs485 = (enum serial_rs485_mode)settings->rs485},
                    err);
    if (fd < 0)
        return fd;
    serial->before = (struct transport_faults){0};
    (void)read_faults(fd, &serial->before);
    int result = stream_take(&serial->stream, fd);
    if (result < 0)
        return err_set_errno(err, result, "cannot watch %s", settings->port);
    return 0;
}

static void on_received(void *user, const uint8_t *bytes, size_t length)
{
    struct serial *serial = user;
    serial->transport.events->received(serial->transport.user, bytes, length);
}

static void on_broken(void *user, int code)
{
    struct serial *serial = user;
    char reason[200];
    if (code == 0 || code == -EIO || code == -ENODEV || code == -ENXIO || code == -EBADF)
        snprintf(reason, sizeof reason, "%.120s is gone (unplugged?)", serial->settings->port);
    else
        snprintf(reason, sizeof reason, "%.120s: %s", serial->settings->port, strerror(-code));
    serial->transport.events->closed(serial->transport.user, reason);
}

static void serial_close(struct transport *transport)
{
    stream_close(&serial_of(transport)->stream);
}

static int serial_send(struct transport *transport, const uint8_t *bytes, size_t length)
{
    return stream_send(&serial_of(transport)->stream, bytes, length);
}

static size_t serial_drain(struct transport *transport)
{
    return stream_drain(&serial_of(transport)->stream);
}

/* The kernel counts since the port is there. */
static bool serial_faults(struct transport *transport, struct transport_faults *faults)
{
    const struct serial *serial = serial_of(transport);
    const struct transport_faults *before = &serial->before;
    if (!read_faults(serial->stream.fd, faults))
        return false;
    faults->framing -= before->framing;
    faults->parity -= before->parity;
    faults->overruns -= before->overruns;
    faults->breaks -= before->breaks;
    return true;
}

static void serial_free(struct transport *transport)
{
    serial_close(transport);
    free(transport);
}

struct transport *transport_serial_new(struct loop *loop, const struct line_settings *settings)
{
    static const struct transport_kind kind = {
        .open = port_open,
        .close = serial_close,
        .send = serial_send,
        .drain = serial_drain,
        .free = serial_free,
        .faults = serial_faults,
    };
    struct serial *serial = mem_new(sizeof *serial);
    serial->transport.kind = &kind;
    serial->settings = settings;
    serial->stream = STREAM_EMPTY;
    serial->stream.loop = loop;
    serial->stream.received = on_received;
    serial->stream.broken = on_broken;
    serial->stream.user = serial;
    return &serial->transport;
}
