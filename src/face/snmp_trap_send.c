#include "face/snmp_trap_send.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "face/snmp_state.h"
#include "face/snmp_trap_notice.h"

/* An inform is repeated after 1 s and 2 s more, and given up for now 4 s later; what comes then is
 * notify's business. */
#define FIRST_WAIT CLOCK_S
#define TRIES_MOST 3
/* A receiver that has started anew sends us back once for its engine and once for its time. */
#define TURNED_MOST 4
/* A start within so long of the machine's is a cold one; the monotonic clock counts from there. */
#define UP_SHORTLY (10 * 60 * CLOCK_S)
/* Nothing is signed before the count of starts is on disk. */
#define DURABLE_LOOK (20 * CLOCK_MS)
#define DURABLE_LOOKS 500

static void finish(struct snmp_trap_send *send, enum notify_outcome outcome, const char *words)
{
    snmp_trap_send_cancel(send);
    if (outcome == NOTIFY_LATER)
        snmp_trap_way_failed(send->way);
    send->done(send->user, send, outcome, words);
}

static void fail(struct snmp_trap_send *send, const char *what)
{
    char words[300];
    snprintf(words, sizeof words, "%.150s port %d: %.120s", send->way->host, send->way->port, what);
    finish(send, NOTIFY_LATER, words);
}

/* ---- packets --------------------------------------------------------------------------------- */

static bool is_v3(const struct snmp_trap_send *send)
{
    return send->way->version == RECIPIENT_V3;
}

/* An inform of v3 whose receiver has not said yet who it is. */
static bool must_ask(const struct snmp_trap_send *send)
{
    return is_v3(send) && send->way->inform && send->way->engine.id_length == 0;
}

/* Our own address on this way, which v1 puts into the trap. */
static void own_address(const struct snmp_trap_send *send, uint8_t address[4])
{
    struct sockaddr_storage own = {0};
    socklen_t length = sizeof own;
    memset(address, 0, 4);
    if (getsockname(send->fd, (struct sockaddr *)&own, &length) == 0 && own.ss_family == AF_INET)
        memcpy(address, &((const struct sockaddr_in *)&own)->sin_addr, 4);
}

static int32_t random_id(void)
{
    uint32_t id = 1;
    gnutls_rnd(GNUTLS_RND_NONCE, &id, sizeof id);
    return (int32_t)(id & INT32_MAX);
}

/* As of now; the receiver's clock has gone on since it told its time. */
static struct snmp_trap_v3_engine engine_now(const struct snmp_trap_send *send)
{
    struct snmp_trap_v3_engine engine = send->way->engine;
    if (send->way->inform)
        engine.time += (uint32_t)((loop_now(send->loop) - send->way->engine_seen) / CLOCK_S);
    return engine;
}

static bool wrap_v3(struct snmp_trap_send *send, struct snmp_ber_writer *writer, bool asks)
{
    if (send->tries == 0) /* a late answer to the first try is an answer too */
        send->message_id = random_id();
    struct snmp_trap_v3_message message = {
        .id = send->message_id,
        .reportable = send->way->inform,
        .user = "",
    };
    message.context = snmp_state_engine(send->state, &message.context_length);
    if (!asks) {
        message.engine = engine_now(send);
        message.user = send->way->user;
        message.keys = &send->way->keys;
    }
    return snmp_trap_v3_write(writer, &message);
}

/* RFC 3414 4: a question without a name, an engine and variables. */
static bool write_question(struct snmp_trap_send *send, struct snmp_ber_writer *writer)
{
    send->request_id = random_id();
    snmp_packet_put_pdu(writer, SNMP_PACKET_GET, send->request_id, NULL, 0);
    return wrap_v3(send, writer, true);
}

static bool write_notice(struct snmp_trap_send *send, struct snmp_ber_writer *writer)
{
    static const int versions[] = {SNMP_PACKET_V1, SNMP_PACKET_V2C, SNMP_PACKET_V3};
    struct snmp_trap_notice ready;
    uint8_t address[4];
    const struct notice *notice = &send->job->notices[send->place];
    const struct snmp_trap_source source = {notice, send->started < UP_SHORTLY};
    snmp_trap_notice_init(&ready, &source, send->enterprise, loop_now(send->loop) - send->started);
    /* the same each time it is tried, so that a receiver can tell a repetition */
    send->request_id = (int32_t)(notice->id & INT32_MAX);
    if (send->way->version == RECIPIENT_V1) {
        own_address(send, address);
        snmp_packet_put_trap1(writer, address, &ready.notification);
    } else {
        snmp_packet_put_notification(writer,
                                     send->way->inform ? SNMP_PACKET_INFORM : SNMP_PACKET_TRAP2,
                                     send->request_id, &ready.notification);
    }
    if (is_v3(send))
        return wrap_v3(send, writer, false);
    snmp_packet_wrap(writer, versions[send->way->version], send->way->community);
    return !writer->failed;
}

/* 0 or negative errno. */
static int transmit(struct snmp_trap_send *send)
{
    uint8_t memory[SNMP_PACKET_MOST];
    struct snmp_ber_writer writer = snmp_ber_writer(memory, sizeof memory);
    if (!(must_ask(send) ? write_question(send, &writer) : write_notice(send, &writer)))
        return -EMSGSIZE;
    return write(send->fd, writer.at, snmp_ber_length(&writer)) < 0 ? -errno : 0;
}

/* ---- traps ----------------------------------------------------------------------------------- */

static void send_traps(struct snmp_trap_send *send)
{
    for (send->place = 0; send->place < send->job->count; send->place++) {
        int result = transmit(send);
        if (result < 0) {
            fail(send, strerror(-result));
            return;
        }
    }
    finish(send, NOTIFY_DELIVERED, "sent; a trap is not acknowledged");
}

/* ---- informs --------------------------------------------------------------------------------- */

static void try_inform(struct snmp_trap_send *send);

static void on_wait(struct loop_timer *timer, void *user)
{
    struct snmp_trap_send *send = user;
    (void)timer;
    if (send->tries < TRIES_MOST)
        try_inform(send);
    else
        fail(send, "no answer");
}

static void try_inform(struct snmp_trap_send *send)
{
    int result = transmit(send);
    if (result < 0) {
        fail(send, result == -ECONNREFUSED ? "nobody listens there" : strerror(-result));
        return;
    }
    loop_timer_at(send->loop, &send->timer, loop_now(send->loop) + (FIRST_WAIT << send->tries),
                  on_wait, send);
    send->tries++;
}

static void begin_inform(struct snmp_trap_send *send)
{
    send->tries = send->turned = 0;
    try_inform(send);
}

static void acknowledged(struct snmp_trap_send *send)
{
    if (++send->place < send->job->count)
        begin_inform(send);
    else
        finish(send, NOTIFY_DELIVERED, "acknowledged");
}

static void on_response(struct snmp_trap_send *send, const struct snmp_packet_answer *answer)
{
    enum { TOO_BIG = 1 };
    char words[80];
    if (answer->request_id != send->request_id || must_ask(send))
        return;
    if (answer->error == 0) {
        acknowledged(send);
    } else if (answer->error == TOO_BIG) {
        finish(send, NOTIFY_NEVER, "too big for the receiver");
    } else {
        snprintf(words, sizeof words, "refused with error status %lld", (long long)answer->error);
        fail(send, words);
    }
}

/* ---- reports of v3 --------------------------------------------------------------------------- */

/* usmStats of RFC 3414 5: what a receiver counts, and says when it refuses. */
enum {
    UNSUPPORTED_LEVEL = 1,
    NOT_IN_TIME,
    UNKNOWN_USER,
    UNKNOWN_ENGINE,
    WRONG_DIGEST,
    NOT_DECIPHERED,
};

static unsigned report_of(const struct snmp_packet_answer *answer)
{
    static const uint32_t usm_stats[] = {1, 3, 6, 1, 6, 3, 15, 1, 1};
    const size_t length = sizeof usm_stats / sizeof *usm_stats;
    if (answer->name_length != length + 2 || memcmp(answer->name, usm_stats, sizeof usm_stats) != 0)
        return 0;
    return answer->name[length];
}

/* Sent back for its engine or its clock: at once and not for ever. */
static void turn(struct snmp_trap_send *send, const struct snmp_trap_v3_engine *engine)
{
    if (++send->turned > TURNED_MOST) {
        fail(send, "the receiver does not accept its own engine's id and time");
        return;
    }
    snmp_trap_way_set_engine(send->way, engine);
    send->tries = 0;
    try_inform(send);
}

static void on_report(struct snmp_trap_send *send, const struct snmp_trap_v3_answer *answer)
{
    static const char *const reasons[] = {
        [UNSUPPORTED_LEVEL] = "this user may not use this authentication or privacy there",
        [UNKNOWN_USER] = "the receiver does not know this user",
        [WRONG_DIGEST] = "authentication failed: password or algorithm differs there",
        [NOT_DECIPHERED] = "the receiver cannot decipher: privacy password or cipher differs there",
    };
    unsigned report = report_of(&answer->pdu);
    /* Anybody may send a report without a digest. Those that say who they are can only delay; the
     * time is believed with a digest only, or as part of the answer to our question. */
    if (report == UNKNOWN_ENGINE || (report == NOT_IN_TIME && answer->authentic))
        turn(send, &answer->engine);
    else if (report < sizeof reasons / sizeof *reasons && reasons[report])
        fail(send, reasons[report]);
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void on_packet(struct snmp_trap_send *send, uint8_t *bytes, size_t length)
{
    struct snmp_trap_v3_answer v3;
    struct snmp_packet_answer answer;
    if (!is_v3(send)) {
        if (snmp_packet_read(bytes, length, send->way->community, &answer) &&
            answer.type == SNMP_PACKET_RESPONSE)
            on_response(send, &answer);
        return;
    }
    const struct snmp_trap_usm_keys *keys = must_ask(send) ? NULL : &send->way->keys;
    if (!snmp_trap_v3_read(bytes, length, keys, &v3) || v3.id != send->message_id)
        return;
    bool signed_enough = v3.authentic || send->way->auth == RECIPIENT_AUTH_NONE;
    if (v3.pdu.type == SNMP_PACKET_REPORT)
        on_report(send, &v3);
    else if (signed_enough)
        on_response(send, &v3.pdu);
}

static void on_readable(struct loop_fd *handle, int events, void *user)
{
    struct snmp_trap_send *send = user;
    uint8_t bytes[SNMP_PACKET_MOST];
    (void)handle;
    (void)events;
    ssize_t length = recv(send->fd, bytes, sizeof bytes, 0);
    if (length > 0)
        on_packet(send, bytes, (size_t)length);
    else if (length < 0 && errno != EAGAIN && errno != EINTR)
        fail(send, errno == ECONNREFUSED ? "nobody listens there" : strerror(errno));
}

/* ---- beginning ------------------------------------------------------------------------------- */

/* A socket for each job: its port is new, so an answer to an earlier one cannot be taken for ours,
 * and connected, so that the kernel drops what comes from elsewhere and tells of a closed port. */
static int open_socket(struct snmp_trap_send *send)
{
    const struct sockaddr *address =
        (const struct sockaddr *)&send->way->addresses[send->way->address];
    socklen_t length =
        address->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    send->fd = socket(address->sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
    if (send->fd < 0 || connect(send->fd, address, length) < 0)
        return -errno;
    return loop_fd_start(send->loop, &send->watch, send->fd, LOOP_READ, on_readable, send);
}

/* For a trap of v3 we are the engine that counts. */
static void use_own_engine(struct snmp_trap_send *send)
{
    struct snmp_trap_v3_engine engine = {.boots = snmp_state_boots(send->state),
                                         .time = snmp_state_time(send->state)};
    const uint8_t *id = snmp_state_engine(send->state, &engine.id_length);
    memcpy(engine.id, id, engine.id_length);
    snmp_trap_way_set_engine(send->way, &engine);
}

static void on_ready(struct loop_timer *timer, void *user);

static void begin(struct snmp_trap_send *send)
{
    bool own = is_v3(send) && !send->way->inform;
    if (own && !snmp_state_durable(send->state)) {
        if (send->tries++ == DURABLE_LOOKS)
            fail(send, "not sent: the count of starts cannot be saved, see the log");
        else
            loop_timer_at(send->loop, &send->timer, loop_now(send->loop) + DURABLE_LOOK, on_ready,
                          send);
        return;
    }
    int result = open_socket(send);
    if (result < 0) {
        fail(send, strerror(-result));
    } else if (send->way->inform) {
        begin_inform(send);
    } else {
        send->tries = 0;
        if (own)
            use_own_engine(send);
        send_traps(send);
    }
}

static void on_ready(struct loop_timer *timer, void *user)
{
    (void)timer;
    begin(user);
}

static void on_way(void *user, const char *problem)
{
    struct snmp_trap_send *send = user;
    if (problem)
        finish(send, NOTIFY_LATER, problem);
    else
        begin(send);
}

void snmp_trap_send_start(struct snmp_trap_send *send)
{
    send->fd = -1;
    send->watch = LOOP_FD_EMPTY;
    send->timer = LOOP_TIMER_EMPTY;
    send->waiter = (struct snmp_trap_waiter){.done = on_way, .user = send};
    snmp_trap_way_prepare(send->way, &send->waiter);
}

void snmp_trap_send_cancel(struct snmp_trap_send *send)
{
    snmp_trap_way_forget(send->way, &send->waiter);
    loop_timer_stop(&send->timer);
    loop_fd_stop(&send->watch);
    if (send->fd >= 0)
        close(send->fd);
    send->fd = -1;
}
