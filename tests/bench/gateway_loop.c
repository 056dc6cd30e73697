/* gateway_loop - the least that a gateway can do: a question from whichever client, its answer from
 * the line, the silence that the standard asks for, the next question. Nothing is judged, merged,
 * tried again, timed or counted; what must wait stands in a queue.
 *
 *     gateway_loop PTY PORT
 *
 * Serves readings of ten registers at 115200 baud until it is killed; prints "ready" before.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "loop_bench.h"
#include "wire/modbus_rtu.h"

enum {
    TCP_HEAD = 6,  /* transaction, protocol, length */
    QUESTION = 12, /* with the head */
    ANSWER = 25,   /* on the line: unit, function, count, ten registers, CRC */
    AT_ONCE = 64,
    WAITING = 1024,
};
#define SILENCE 1750e-6 /* 2.5.1.1 of the serial guide, above 19200 baud */

struct question {
    int client;
    uint8_t bytes[QUESTION];
};

struct gateway {
    int epoll, line, listener;
    struct question waiting[WAITING], asked;
    size_t first, count;
    uint8_t answer[MODBUS_RTU_MAX];
    size_t answer_length;
    int busy;
    double free_at;
};

static int check(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        exit(1);
    }
    return result;
}

static void watch(const struct gateway *gateway, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    check(epoll_ctl(gateway->epoll, EPOLL_CTL_ADD, fd, &event), "gateway_loop: epoll_ctl");
}

static int open_line(const char *path)
{
    struct termios raw;
    int fd = check(open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), path);
    check(tcgetattr(fd, &raw), path);
    cfmakeraw(&raw);
    check(tcsetattr(fd, TCSANOW, &raw), path);
    return fd;
}

static int open_listener(unsigned port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = check(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "gateway_loop: socket");
    check(bind(fd, (const struct sockaddr *)&address, sizeof address), "gateway_loop: bind");
    check(listen(fd, WAITING), "gateway_loop: listen");
    return fd;
}

static void take_client(const struct gateway *gateway)
{
    int on = 1, fd = accept(gateway->listener, NULL, NULL);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(gateway, fd);
}

static void take_question(struct gateway *gateway, int client)
{
    struct question *question = &gateway->waiting[(gateway->first + gateway->count) % WAITING];
    question->client = client;
    if (read(client, question->bytes, QUESTION) != QUESTION)
        close(client);
    else
        gateway->count++;
}

static void take_answer(struct gateway *gateway)
{
    ssize_t got = read(gateway->line, gateway->answer + gateway->answer_length,
                       sizeof gateway->answer - gateway->answer_length);
    check((int)got, "gateway_loop: line");
    gateway->answer_length += (size_t)got;
    if (!gateway->busy || gateway->answer_length < ANSWER)
        return;
    struct modbus_rtu_frame frame;
    if (modbus_rtu_parse(gateway->answer, ANSWER, &frame) != MODBUS_RTU_FINE) {
        fputs("gateway_loop: not the answer to ten registers\n", stderr);
        exit(1);
    }
    uint8_t out[TCP_HEAD + ANSWER] = {gateway->asked.bytes[0], gateway->asked.bytes[1]};
    out[TCP_HEAD - 1] = (uint8_t)(1 + frame.pdu_length);
    out[TCP_HEAD] = frame.unit;
    memcpy(out + TCP_HEAD + 1, frame.pdu, frame.pdu_length);
    send(gateway->asked.client, out, TCP_HEAD + 1 + frame.pdu_length, MSG_NOSIGNAL);
    gateway->busy = 0;
    gateway->free_at = loop_bench_now() + SILENCE;
}

static void ask_next(struct gateway *gateway)
{
    uint8_t frame[MODBUS_RTU_MAX];
    gateway->asked = gateway->waiting[gateway->first];
    gateway->first = (gateway->first + 1) % WAITING;
    gateway->count--;
    int length =
        modbus_rtu_build(gateway->asked.bytes[TCP_HEAD], gateway->asked.bytes + TCP_HEAD + 1,
                         QUESTION - TCP_HEAD - 1, frame, sizeof frame);
    check((int)write(gateway->line, frame, (size_t)length), "gateway_loop: line");
    gateway->busy = 1;
    gateway->answer_length = 0;
}

/* Seconds until the line may be used, 0 when it may now; negative: for ever. */
static double wait_of(const struct gateway *gateway)
{
    if (gateway->busy || !gateway->count)
        return -1;
    double left = gateway->free_at - loop_bench_now();
    return left > 0 ? left : 0;
}

static void turn(struct gateway *gateway)
{
    double wait = wait_of(gateway);
    if (wait == 0) {
        ask_next(gateway);
        wait = -1;
    }
    struct timespec most = {0, (long)(wait * 1e9)};
    struct epoll_event ready[AT_ONCE];
    int some = epoll_pwait2(gateway->epoll, ready, AT_ONCE, wait < 0 ? NULL : &most, NULL);
    for (int i = 0; i < some; i++) {
        int fd = ready[i].data.fd;
        if (fd == gateway->listener)
            take_client(gateway);
        else if (fd == gateway->line)
            take_answer(gateway);
        else
            take_question(gateway, fd);
    }
}

int main(int argc, char **argv)
{
    static struct gateway gateway;
    if (argc != 3)
        return 2;
    gateway.epoll = check(epoll_create1(EPOLL_CLOEXEC), "gateway_loop: epoll");
    gateway.line = open_line(argv[1]);
    gateway.listener = open_listener((unsigned)atoi(argv[2]));
    watch(&gateway, gateway.line);
    watch(&gateway, gateway.listener);
    puts("ready");
    fflush(stdout);
    for (;;)
        turn(&gateway);
}
