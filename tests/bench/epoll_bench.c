/* epoll_bench - the least that a poller can do: one request under way on each connection, send,
 * wait, read, send the next. Nothing is framed, checked, decoded or kept.
 *
 *     epoll_bench FIRST_PORT CONNECTIONS SECONDS
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop_bench.h"

enum { HEAD = 9, ANSWER = HEAD + 2 * LOOP_BENCH_REGISTERS, AT_ONCE = 64 };

static const unsigned char request[] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, LOOP_BENCH_REGISTERS};

static int open_connection(unsigned port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        perror("epoll_bench: connect");
        exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void ask(int fd)
{
    if (write(fd, request, sizeof request) != sizeof request) {
        perror("epoll_bench: write");
        exit(1);
    }
}

static void take(int fd)
{
    unsigned char answer[ANSWER + 1];
    if (read(fd, answer, sizeof answer) != ANSWER || answer[7] != request[7]) {
        fputs("epoll_bench: not the answer of a flat meter\n", stderr);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    unsigned first = (unsigned)atoi(argv[1]), count = (unsigned)atoi(argv[2]);
    double seconds = atof(argv[3]);
    int epoll = epoll_create1(0);
    for (unsigned i = 0; i < count; i++) {
        int fd = open_connection(first + i);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
        ask(fd);
    }
    unsigned long done = 0;
    double begin = loop_bench_now(), cpu = loop_bench_cpu();
    while (loop_bench_now() < begin + seconds) {
        struct epoll_event ready[AT_ONCE];
        int some = epoll_wait(epoll, ready, AT_ONCE, 1000);
        for (int i = 0; i < some; i++, done++) {
            take(ready[i].data.fd);
            ask(ready[i].data.fd);
        }
    }
    loop_bench_print("epoll", done, loop_bench_now() - begin, loop_bench_cpu() - cpu);
    return 0;
}
