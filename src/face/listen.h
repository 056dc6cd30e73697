/* listen - listening sockets: TCP on an address and port, or a unix socket in the state folder. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/loop.h"

/* A listening TCP socket, or negative and `err`. "::" also takes IPv4 and falls back to "0.0.0.0"
 * on machines without IPv6. Port 0 takes any; listen_port tells which. */
int listen_tcp(const char *address, int port, struct err *err);

/* A unix stream socket at `path`, mode 0600; a dead one left by a crash is replaced, a live one is
 * refused. */
int listen_unix(const char *path, struct err *err);

/* Port of a listening TCP socket. */
int listen_port(int fd);

/* Listen on TCP and have `handler` called, on the loop thread, when somebody connects; the port
 * that was bound, or negative and `err`, with nothing watched. */
int listen_watch(struct loop *loop, struct loop_fd *watch, const char *address, int port,
                 loop_fd_fn *handler, void *user, struct err *err);

/* End it and close the socket; also when nothing is watched (`fd` -1). */
void listen_unwatch(struct loop_fd *watch);

/* Some of those who want to connect, the rest in the next turn: `take` gets a socket that neither
 * blocks, nor waits to fill its packets, nor is inherited, and owns it if it returns true; else it
 * is closed. The result is how many were closed. */
unsigned listen_accept(const struct loop_fd *watch,
                       bool (*take)(void *user, int fd, const struct sockaddr *from), void *user);
