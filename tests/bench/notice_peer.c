/* notice_peer - everybody but busbar, for the figure of notices: the devices that trip, and who is
 * to hear of it by syslog, trap, webhook, mail and live stream. One thread and one clock: a time
 * begins before a device's answer is written and ends when the last byte of a notice has been read.
 *
 *     notice_peer [--plain-smtp]      (which does not offer PIPELINING)
 *
 * Its first line names its ports. Then each line of standard input is answered by one of JSON:
 *     live PORT        listen to the live stream of an HTTPS port
 *     trip UNIT WORD   that unit of the Modbus server answers WORD from now on; ms to each route,
 *                      "mail_ready" is when a mail's dialogue had come to its message
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop_bench.h"

enum { ROOM = 1 << 18, UNITS = 256, LOW = 0x4348, AT_ONCE = 64, PATIENCE_S = 10 };

enum route { LIVE, SYSLOG, TRAP, WEBHOOK, MAIL, ROUTES, MAIL_READY = ROUTES, TIMES };
static const char *const names[TIMES] = {"live", "syslog", "trap", "webhook", "mail", "mail_ready"};

struct peer;

/* A socket, and what is done with what comes there. */
struct end {
    struct peer *peer;
    int fd;
    enum route route;
    void (*ready)(struct end *end); /* read it */
    void (*serve)(struct end *end); /* what has come is in `data` */
    const char *greeting;           /* of a listener's connections */
    bool letter;                    /* SMTP: between 354 and the last dot */
    size_t length, left, at;        /* left, at: of the live stream's chunk */
    char *data;                     /* ROOM bytes and a zero */
};

struct peer {
    int epoll;
    bool plain_smtp;
    unsigned short words[UNITS];
    unsigned waited; /* the unit that was told to trip; 0: none */
    char needle[32]; /* stands in every notice about it */
    double answered, came[TIMES];
    gnutls_session_t live;
};

static void give_up(const char *what)
{
    fprintf(stderr, "notice_peer: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void came(struct peer *peer, enum route route, const char *data, size_t length)
{
    if (peer->answered > 0 && !(peer->came[route] > 0) &&
        memmem(data, length, peer->needle, strlen(peer->needle)))
        peer->came[route] = loop_bench_now();
}

static void say(const struct end *end, const char *text, size_t length)
{
    if (send(end->fd, text, length, MSG_NOSIGNAL) != (ssize_t)length)
        fputs("notice_peer: an answer could not be sent\n", stderr);
}

static void eat(struct end *end, size_t length)
{
    memmove(end->data, end->data + length, end->length - length);
    end->length -= length;
    end->data[end->length] = '\0';
}

/* ---- the devices ----------------------------------------------------------------------------- */

/* Modbus messaging guide, 3.1.3: each unit's registers are its word, then zeros. */
static void serve_probe(struct end *end)
{
    struct peer *peer = end->peer;
    while (end->length >= 12) {
        unsigned char answer[9 + 250] = {0};
        const unsigned char *question = (const unsigned char *)end->data;
        unsigned unit = question[6], bytes = question[11] * 2u <= 250 ? question[11] * 2u : 250;
        memcpy(answer, question, 2);
        answer[5] = (unsigned char)(3 + bytes);
        answer[6] = question[6];
        answer[7] = question[7];
        answer[8] = (unsigned char)bytes;
        answer[9] = (unsigned char)(peer->words[unit] >> 8);
        answer[10] = (unsigned char)peer->words[unit];
        eat(end, 12);
        if (unit == peer->waited && !(peer->answered > 0))
            peer->answered = loop_bench_now();
        say(end, (const char *)answer, 9 + bytes);
    }
}

/* ---- the receivers --------------------------------------------------------------------------- */

static void serve_datagram(struct end *end)
{
    came(end->peer, end->route, end->data, end->length);
    end->length = 0;
}

static void serve_webhook(struct end *end)
{
    const char *body, *field;
    while ((body = strstr(end->data, "\r\n\r\n")) != NULL) {
        field = strcasestr(end->data, "content-length:");
        size_t whole = (size_t)(body + 4 - end->data) + (field ? strtoul(field + 15, NULL, 10) : 0);
        if (end->length < whole)
            return;
        came(end->peer, WEBHOOK, end->data, whole);
        static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
        say(end, answer, sizeof answer - 1);
        eat(end, whole);
    }
}

static const char *answer_to(const struct end *end, const char *line)
{
    if (strncasecmp(line, "EHLO", 4) == 0)
        return end->peer->plain_smtp ? "250-bench\r\n250 SIZE 10240000\r\n"
                                     : "250-bench\r\n250-PIPELINING\r\n250 SIZE 10240000\r\n";
    if (strncasecmp(line, "DATA", 4) == 0)
        return "354 go on\r\n";
    return strncasecmp(line, "QUIT", 4) == 0 ? "221 bye\r\n" : "250 ok\r\n";
}

/* RFC 5321 and 2920 for a client without a password: what came together is answered together. It
 * hangs up after each mail, as alarms mostly come alone: connecting and greeting are in the time.
 */
static void serve_mail(struct end *end)
{
    char out[4096] = "";
    const char *line;
    if (end->letter) {
        if (end->length < 5 || memcmp(end->data + end->length - 5, "\r\n.\r\n", 5) != 0)
            return;
        came(end->peer, MAIL, end->data, end->length);
        end->letter = false;
        end->length = 0;
        say(end, "250 taken\r\n", 11);
        shutdown(end->fd, SHUT_WR); /* the next mail comes over a connection of its own */
        return;
    }
    while (!end->letter && (line = strstr(end->data, "\r\n")) != NULL) {
        const char *answer = answer_to(end, end->data);
        end->letter = answer[0] == '3';
        if (strlen(out) + strlen(answer) < sizeof out)
            memcpy(out + strlen(out), answer, strlen(answer) + 1);
        eat(end, (size_t)(line + 2 - end->data));
    }
    if (end->letter && end->peer->answered > 0 && !(end->peer->came[MAIL_READY] > 0))
        end->peer->came[MAIL_READY] = loop_bench_now();
    say(end, out, strlen(out));
}

/* Of server-sent events: those about alarms. */
static void serve_events(struct end *end, char *text)
{
    for (char *stop; (stop = strstr(text, "\n\n")) != NULL; text = stop + 2) {
        *stop = '\0';
        if (strstr(text, "event: alarm\n"))
            came(end->peer, LIVE, text, (size_t)(stop - text));
    }
}

/* RFC 9112, 7.1; busbar's events do not go across chunks here, as they are small. */
static void serve_live(struct end *end)
{
    for (char *stop; (stop = strstr(end->data, "\r\n")) != NULL;) {
        size_t head = (size_t)(stop + 2 - end->data), size = strtoul(end->data, NULL, 16);
        if (strncmp(end->data, "HTTP", 4) == 0) {
            stop = strstr(end->data, "\r\n\r\n");
            if (!stop)
                return;
            eat(end, (size_t)(stop + 4 - end->data));
            continue;
        }
        if (end->length < head + size + 2)
            return;
        end->data[head + size] = '\0';
        serve_events(end, end->data + head);
        eat(end, head + size + 2);
    }
}

/* ---- sockets --------------------------------------------------------------------------------- */

static void watch(struct peer *peer, struct end *end)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
    end->peer = peer;
    end->data = calloc(1, ROOM + 1);
    if (!end->data || epoll_ctl(peer->epoll, EPOLL_CTL_ADD, end->fd, &event) < 0)
        give_up("a socket cannot be watched");
}

static void leave(struct end *end)
{
    close(end->fd);
    free(end->data);
    free(end);
}

static void take(struct end *end, long got)
{
    end->length += (size_t)got;
    end->data[end->length] = '\0';
    end->serve(end);
    if (end->length == ROOM)
        give_up("a message that does not end");
}

static void on_ready(struct end *end)
{
    ssize_t got = recv(end->fd, end->data + end->length, ROOM - end->length, MSG_DONTWAIT);
    if (got > 0)
        take(end, got);
    else if (got == 0 || errno != EAGAIN)
        leave(end);
}

static void on_live(struct end *end)
{
    ssize_t got;
    while ((got = gnutls_record_recv(end->peer->live, end->data + end->length,
                                     ROOM - end->length)) > 0)
        take(end, got);
    if (got != GNUTLS_E_AGAIN && got != GNUTLS_E_INTERRUPTED && gnutls_error_is_fatal((int)got))
        give_up("the live stream ended");
}

static void on_connection(struct end *listener)
{
    struct end *end = calloc(1, sizeof *end);
    int on = 1;
    if (!end)
        give_up("no memory");
    end->fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK);
    if (end->fd < 0)
        give_up("accept");
    setsockopt(end->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    end->ready = on_ready;
    end->serve = listener->serve;
    watch(listener->peer, end);
    if (listener->greeting)
        say(end, listener->greeting, strlen(listener->greeting));
}

/* The port. */
static unsigned open_socket(struct peer *peer, int type, const struct end *kind)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    struct end *end = calloc(1, sizeof *end);
    if (!end)
        give_up("no memory");
    *end = *kind;
    end->fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    end->ready = type == SOCK_STREAM ? on_connection : on_ready;
    if (end->fd < 0 || bind(end->fd, (const struct sockaddr *)&address, size) < 0 ||
        (type == SOCK_STREAM && listen(end->fd, 64) < 0) ||
        getsockname(end->fd, (struct sockaddr *)&address, &size) < 0)
        give_up("a socket");
    watch(peer, end);
    return ntohs(address.sin_port);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void listen_live(struct peer *peer, unsigned port)
{
    static const char question[] = "GET /api/v1/live?path=probe-1/phase-c/frequency HTTP/1.1\r\n"
                                   "Host: 127.0.0.1\r\n\r\n";
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    gnutls_certificate_credentials_t anybody; /* its own certificate, made a moment ago */
    struct end *end = calloc(1, sizeof *end);
    int on = 1;
    if (!end)
        give_up("no memory");
    end->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(end->fd, (const struct sockaddr *)&address, sizeof address) < 0)
        give_up("the live stream");
    setsockopt(end->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    gnutls_certificate_allocate_credentials(&anybody);
    gnutls_init(&peer->live, GNUTLS_CLIENT);
    gnutls_set_default_priority(peer->live);
    gnutls_credentials_set(peer->live, GNUTLS_CRD_CERTIFICATE, anybody);
    gnutls_transport_set_int(peer->live, end->fd);
    if (gnutls_handshake(peer->live) < 0 ||
        gnutls_record_send(peer->live, question, sizeof question - 1) < 0)
        give_up("TLS of the live stream");
    fcntl(end->fd, F_SETFL, O_NONBLOCK);
    end->ready = on_live;
    end->serve = serve_live;
    watch(peer, end);
    puts("{}");
}

static void answer_trip(struct peer *peer)
{
    for (int i = 0; i < TIMES; i++) {
        if (peer->came[i] > 0)
            printf("%s\"%s\": %.4f", i == 0 ? "{" : ", ", names[i],
                   1000 * (peer->came[i] - peer->answered));
        else
            printf("%s\"%s\": null", i == 0 ? "{" : ", ", names[i]);
    }
    puts("}");
    peer->waited = 0;
    peer->answered = 0;
}

/* Until all have heard, or too long. */
static bool is_over(const struct peer *peer)
{
    bool all = true;
    for (int i = 0; i < ROUTES; i++)
        all &= peer->came[i] > 0;
    return all || (peer->answered > 0 && loop_bench_now() > peer->answered + PATIENCE_S);
}

static void on_command(struct end *end)
{
    struct peer *peer = end->peer;
    unsigned first, second;
    ssize_t got = read(end->fd, end->data, ROOM);
    if (got <= 0)
        exit(0);
    end->data[got] = '\0';
    if (sscanf(end->data, "live %u", &first) == 1) {
        listen_live(peer, first);
    } else if (sscanf(end->data, "trip %u %u", &first, &second) == 2 && first < UNITS) {
        memset(peer->came, 0, sizeof peer->came);
        snprintf(peer->needle, sizeof peer->needle, "probe-%u/", first);
        peer->words[first] = (unsigned short)second;
        peer->answered = 0;
        peer->waited = first;
    } else {
        puts("null");
    }
}

int main(int argc, char **argv)
{
    static struct peer peer;
    static struct end commands = {.fd = STDIN_FILENO, .ready = on_command};
    peer.plain_smtp = argc > 1 && strcmp(argv[1], "--plain-smtp") == 0;
    peer.epoll = epoll_create1(0);
    for (int i = 0; i < UNITS; i++)
        peer.words[i] = LOW;
    setvbuf(stdout, NULL, _IOLBF, 0);
    watch(&peer, &commands);
    printf("{\"probes\": %u, ",
           open_socket(&peer, SOCK_STREAM, &(struct end){.serve = serve_probe}));
    printf("\"webhook\": %u, ",
           open_socket(&peer, SOCK_STREAM, &(struct end){.serve = serve_webhook}));
    printf("\"mail\": %u, ",
           open_socket(&peer, SOCK_STREAM,
                       &(struct end){.serve = serve_mail, .greeting = "220 bench\r\n"}));
    printf("\"syslog\": %u, ",
           open_socket(&peer, SOCK_DGRAM, &(struct end){.route = SYSLOG, .serve = serve_datagram}));
    printf("\"trap\": %u}\n",
           open_socket(&peer, SOCK_DGRAM, &(struct end){.route = TRAP, .serve = serve_datagram}));
    for (;;) {
        struct epoll_event events[AT_ONCE];
        int count = epoll_wait(peer.epoll, events, AT_ONCE, 100);
        for (int i = 0; i < count; i++) {
            struct end *end = events[i].data.ptr;
            end->ready(end);
        }
        if (peer.waited && is_over(&peer))
            answer_trip(&peer);
    }
}
