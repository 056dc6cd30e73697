/* listen - listening sockets: TCP on an address and port, or a unix socket in the state folder. */
#pragma once

#include "base/err.h"

/* A listening TCP socket, or negative and `err`. "::" also takes IPv4 and falls back to "0.0.0.0"
 * on machines without IPv6. Port 0 takes any; listen_port tells which. */
int listen_tcp(const char *address, int port, struct err *err);

/* A unix stream socket at `path`, mode 0600; a dead one left by a crash is replaced, a live one is
 * refused. */
int listen_unix(const char *path, struct err *err);

/* Port of a listening TCP socket. */
int listen_port(int fd);
