#include "base/serial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

const char *const serial_bauds[] = {"1200",  "2400",  "4800",   "9600", "19200",
                                    "38400", "57600", "115200", NULL};
const char *const serial_parities[] = {"none", "even", "odd", NULL};
const char *const serial_rs485_words[] = {"auto", "on", "off", NULL};

unsigned serial_baud(long long index)
{
    return (unsigned)strtoul(serial_bauds[index], NULL, 10);
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

/* Majors 136 to 143 (devices.txt of the kernel). Nothing is on its wire, so no parity either. */
static bool is_pseudo_terminal(int fd)
{
    struct stat about;
    return fstat(fd, &about) == 0 && major(about.st_rdev) >= 136 && major(about.st_rdev) <= 143;
}

/* tcsetattr succeeds when it could do any part of what was asked, and may say EINVAL when nothing
 * was left to do but what the port cannot. So it is the port that is asked. */
static int check_mode(int fd, const struct termios *wanted, const struct serial_setup *setup,
                      struct err *err)
{
    struct termios now;
    if (tcgetattr(fd, &now) < 0)
        return err_set_errno(err, -errno, "cannot set up %s", setup->port);
    tcflag_t other = now.c_cflag ^ wanted->c_cflag;
    if (cfgetospeed(&now) != cfgetospeed(wanted))
        return err_set(err, -EINVAL, "%s cannot do %u baud", setup->port, setup->baud);
    if (is_pseudo_terminal(fd))
        return 0;
    if (other & (PARENB | PARODD))
        return err_set(err, -EINVAL, "%s cannot do parity %s", setup->port,
                       serial_parities[setup->parity]);
    if (other & (CSIZE | CSTOPB))
        return err_set(err, -EINVAL, "%s cannot do 8 data bits and %d stop bits", setup->port,
                       setup->stop_bits);
    return 0;
}

static int set_mode(int fd, const struct serial_setup *setup, struct err *err)
{
    struct termios mode;
    if (tcgetattr(fd, &mode) < 0)
        return err_set_errno(err, -errno, "%s is not a serial port", setup->port);

    cfmakeraw(&mode);
    mode.c_cflag &= ~(tcflag_t)(CSIZE | CSTOPB | PARENB | PARODD | CRTSCTS);
    mode.c_cflag |= CS8 | CLOCAL | CREAD;
    if (setup->stop_bits == 2)
        mode.c_cflag |= CSTOPB;
    if (setup->parity != SERIAL_PARITY_NONE)
        mode.c_cflag |= PARENB;
    if (setup->parity == SERIAL_PARITY_ODD)
        mode.c_cflag |= PARODD;
    mode.c_cc[VMIN] = 0;
    mode.c_cc[VTIME] = 0;
    cfsetispeed(&mode, speed_of(setup->baud));
    cfsetospeed(&mode, speed_of(setup->baud));
    if (tcsetattr(fd, TCSANOW, &mode) < 0 && errno != EINVAL)
        return err_set_errno(err, -errno, "cannot set up %s", setup->port);
    int result = check_mode(fd, &mode, setup, err);
    if (result < 0)
        return result;
    tcflush(fd, TCIOFLUSH);
    return 0;
}

static int set_rs485(int fd, const struct serial_setup *setup, struct err *err)
{
    if (setup->rs485 == SERIAL_RS485_AUTO)
        return 0;
    struct serial_rs485 mode = {0};
    if (ioctl(fd, TIOCGRS485, &mode) < 0) {
        if (setup->rs485 == SERIAL_RS485_OFF)
            return 0;
        return err_set(err, -ENOTSUP, "the driver of %s cannot switch RS-485: set rs485 to auto",
                       setup->port);
    }
    mode.flags &= ~(uint32_t)(SER_RS485_ENABLED | SER_RS485_RTS_AFTER_SEND);
    if (setup->rs485 == SERIAL_RS485_ON)
        mode.flags |= SER_RS485_ENABLED | SER_RS485_RTS_ON_SEND;
    if (ioctl(fd, TIOCSRS485, &mode) < 0)
        return err_set_errno(err, -errno, "cannot set RS-485 mode of %s", setup->port);
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

static int set_up(int fd, const struct serial_setup *setup, struct err *err)
{
    if (!isatty(fd))
        return err_set(err, -ENOTTY, "%s is not a serial port", setup->port);
    int result = lock_port(fd, setup->port, err);
    if (result == 0)
        result = set_mode(fd, setup, err);
    return result == 0 ? set_rs485(fd, setup, err) : result;
}

int serial_open(const struct serial_setup *setup, struct err *err)
{
    int fd = open(setup->port, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == EBUSY)
        return err_set(err, -EBUSY, "%s is in use by another program", setup->port);
    if (fd < 0)
        return err_set_errno(err, -errno, "cannot open %s", setup->port);
    int result = set_up(fd, setup, err);
    if (result < 0) {
        close(fd);
        return result;
    }
    set_low_latency(fd);
    return fd;
}
