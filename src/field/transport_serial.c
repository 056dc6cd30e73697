#include "field/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stream.h"

struct serial {
    struct transport transport; /* first */
    const struct line_settings *settings;
    struct stream stream;
};

static struct serial *serial_of(struct transport *transport)
{
    return (struct serial *)transport;
}

static speed_t speed_of(unsigned baud)
{
    static const struct {
        unsigned baud;
        speed_t speed;
    } speeds[] = {
        {1200, B1200},   {2400, B2400},   {4800, B4800},   {9600, B9600},
        {19200, B19200}, {38400, B38400}, {57600, B57600}, {115200, B115200},
    };
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++) {
        if (speeds[i].baud == baud)
            return speeds[i].speed;
    }
    return B0;
}

/* Two programs on one bus talk into each other's answers, so the port is ours alone or not at
 * all. */
static int lock_port(int fd, const char *path, struct err *err)
{
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
        return err_set(err, -EBUSY, "%s is in use by another program", path);
    ioctl(fd, TIOCEXCL); /* keeps out programs that do not lock; not every terminal has it */
    return 0;
}

static int set_mode(int fd, const struct line_settings *settings, struct err *err)
{
    struct termios mode;
    if (tcgetattr(fd, &mode) < 0)
        return err_set_errno(err, -errno, "%s is not a serial port", settings->port);
    unsigned baud = line_settings_baud(settings);
    cfmakeraw(&mode);
    mode.c_cflag &= ~(tcflag_t)(CSIZE | CSTOPB | PARENB | PARODD | CRTSCTS);
    mode.c_cflag |= CS8 | CLOCAL | CREAD;
    if (settings->stop_bits == 2)
        mode.c_cflag |= CSTOPB;
    if (settings->parity != LINE_PARITY_NONE)
        mode.c_cflag |= PARENB;
    if (settings->parity == LINE_PARITY_ODD)
        mode.c_cflag |= PARODD;
    mode.c_cc[VMIN] = 0;
    mode.c_cc[VTIME] = 0;
    cfsetispeed(&mode, speed_of(baud));
    cfsetospeed(&mode, speed_of(baud));
    if (tcsetattr(fd, TCSANOW, &mode) < 0)
        return err_set_errno(err, -errno, "cannot set up %s", settings->port);
    /* tcsetattr succeeds when it could do any part of what was asked. */
    struct termios now;
    if (tcgetattr(fd, &now) == 0 && cfgetospeed(&now) != speed_of(baud))
        return err_set(err, -EINVAL, "%s cannot do %u baud", settings->port, baud);
    tcflush(fd, TCIOFLUSH);
    return 0;
}

static int set_rs485(int fd, const struct line_settings *settings, struct err *err)
{
    if (settings->rs485 == LINE_RS485_AUTO)
        return 0;
    struct serial_rs485 mode = {0};
    if (ioctl(fd, TIOCGRS485, &mode) < 0) {
        if (settings->rs485 == LINE_RS485_OFF)
            return 0;
        return err_set(err, -ENOTSUP, "the driver of %s cannot switch RS-485: set rs485 to auto",
                       settings->port);
    }
    mode.flags &= ~(uint32_t)(SER_RS485_ENABLED | SER_RS485_RTS_AFTER_SEND);
    if (settings->rs485 == LINE_RS485_ON)
        mode.flags |= SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND;
    if (ioctl(fd, TIOCSRS485, &mode) < 0)
        return err_set_errno(err, -errno, "cannot set RS-485 mode of %s", settings->port);
    return 0;
}

/* USB adaptors collect bytes for 16 ms unless told otherwise; where there is no such mode,
 * nothing is lost. */
static void set_low_latency(int fd)
{
    struct serial_struct about;
    if (ioctl(fd, TIOCGSERIAL, &about) == 0) {
        about.flags |= ASYNC_LOW_LATENCY;
        ioctl(fd, TIOCSSERIAL, &about);
    }
}

static int serial_open(struct transport *transport, struct err *err)
{
    struct serial *serial = serial_of(transport);
    const struct line_settings *settings = serial->settings;
    int fd = open(settings->port, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == EBUSY)
        return err_set(err, -EBUSY, "%s is in use by another program", settings->port);
    if (fd < 0)
        return err_set_errno(err, -errno, "cannot open %s", settings->port);
    int result = 0;
    if (!isatty(fd))
        result = err_set(err, -ENOTTY, "%s is not a serial port", settings->port);
    if (result == 0)
        result = lock_port(fd, settings->port, err);
    if (result == 0)
        result = set_mode(fd, settings, err);
    if (result == 0)
        result = set_rs485(fd, settings, err);
    if (result < 0) {
        close(fd);
        return result;
    }
    set_low_latency(fd);
    result = stream_take(&serial->stream, fd);
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

static void serial_free(struct transport *transport)
{
    serial_close(transport);
    free(transport);
}

struct transport *transport_serial_new(struct loop *loop, const struct line_settings *settings)
{
    static const struct transport_kind kind = {
        .open = serial_open,
        .close = serial_close,
        .send = serial_send,
        .drain = serial_drain,
        .free = serial_free,
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
