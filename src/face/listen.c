#include "face/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 256

/* Connections taken in one turn, so that a flood of them does not hold the loop. */
#define ACCEPT_MOST 16

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int fill(union address *address, const char *text, int port, socklen_t *length)
{
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET6, text, &address->v6.sin6_addr) == 1) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons((uint16_t)port);
        *length = sizeof address->v6;
        return 0;
    }
    if (inet_pton(AF_INET, text, &address->v4.sin_addr) == 1) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = htons((uint16_t)port);
        *length = sizeof address->v4;
        return 0;
    }
    return -EINVAL;
}

static void set_option(int fd, int level, int option, int value)
{
    /* Only improves things: a kernel without the option serves as well. */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static int open_tcp(const union address *address, socklen_t length)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (address->any.sa_family == AF_INET6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    /* Accepted connections inherit it; without, a small answer waits 40 ms for the client's delayed
     * ACK. */
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (bind(fd, &address->any, length) < 0 || listen(fd, BACKLOG) < 0) {
        int code = -errno;
        close(fd);
        return code;
    }
    return fd;
}

int listen_tcp(const char *text, int port, struct err *err)
{
    union address address;
    socklen_t length;
    if (fill(&address, text, port, &length) < 0)
        return err_set(err, -EINVAL, "web.listen: \"%.63s\" is not an IP address", text);
    int fd = open_tcp(&address, length);
    if (fd == -EAFNOSUPPORT && strcmp(text, "::") == 0) {
        fill(&address, "0.0.0.0", port, &length);
        fd = open_tcp(&address, length);
    }
    if (fd < 0)
        return err_set_errno(err, fd, "cannot listen on %.63s port %d", text, port);
    return fd;
}

int listen_port(int fd)
{
    union address address;
    socklen_t length = sizeof address;
    if (getsockname(fd, &address.any, &length) < 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

/* Whether somebody answers at the socket. */
static bool is_live(const struct sockaddr_un *name)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool live = fd >= 0 &&
                (connect(fd, (const struct sockaddr *)name, sizeof *name) == 0 || errno == EAGAIN);
    if (fd >= 0)
        close(fd);
    return live;
}

int listen_unix(const char *path, struct err *err)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof name.sun_path)
        return err_set(err, -ENAMETOOLONG,
                       "%.200s: too long for a socket's name (at most %zu bytes)", path,
                       sizeof name.sun_path - 1);
    strcpy(name.sun_path, path);
    if (is_live(&name))
        return err_set(err, -EADDRINUSE, "%.200s: another daemon answers there", path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set_errno(err, -errno, "%.200s", path);
    /* On Linux the file takes the socket's mode, so it is never open to others, not even for a
     * moment. */
    fchmod(fd, 0600);
    if (bind(fd, (const struct sockaddr *)&name, sizeof name) < 0 || chmod(path, 0600) < 0 ||
        listen(fd, BACKLOG) < 0) {
        int code = -errno;
        close(fd);
        return err_set_errno(err, code, "%.200s", path);
    }
    return fd;
}

int listen_watch(struct loop *loop, struct loop_fd *watch, const char *address, int port,
                 loop_fd_fn *handler, void *user, struct err *err)
{
    int fd = listen_tcp(address, port, err);
    if (fd < 0)
        return fd;
    if (loop_fd_start(loop, watch, fd, LOOP_READ, handler, user) < 0) {
        close(fd);
        watch->fd = -1;
        return err_set(err, -ENOMEM, "out of memory");
    }
    return listen_port(fd);
}

void listen_unwatch(struct loop_fd *watch)
{
    int fd = watch->fd;
    loop_fd_stop(watch);
    if (fd >= 0)
        close(fd);
    watch->fd = -1;
}

static int accept_one(int listener, struct sockaddr_storage *from)
{
    socklen_t length = sizeof *from;
    int fd = accept4(listener, (struct sockaddr *)from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int on = 1;
    if (fd >= 0) /* only improves things */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

unsigned listen_accept(const struct loop_fd *watch,
                       bool (*take)(void *user, int fd, const struct sockaddr *from), void *user)
{
    unsigned closed = 0;
    for (int i = 0; i < ACCEPT_MOST; i++) {
        struct sockaddr_storage from;
        int fd = accept_one(watch->fd, &from);
        if (fd < 0)
            break;
        if (!take(user, fd, (const struct sockaddr *)&from)) {
            closed++;
            close(fd);
        }
    }
    return closed;
}
