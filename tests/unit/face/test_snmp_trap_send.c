/* Informs on the fake clock: when they are repeated, given up and acknowledged. The receiver is a
 * socket of the test, which acknowledges as RFC 3416 4.2.7 asks: the same PDU with another tag. */
#include "test.h"

#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "face/snmp_trap_notice.h"
#include "face/snmp_trap_send.h"

#define INFORM 0xa6
#define RESPONSE 0xa2

struct rig {
    struct clock clock;
    struct loop *loop;
    int fd; /* the receiver's */
    struct recipient recipient;
    struct notice notices[2];
    struct notify_job job;
    struct snmp_trap_send send;
    int outcome; /* -1: not ended */
    char words[300];
    uint8_t packet[4096];
    ssize_t length;
    struct sockaddr_in from;
};

static void on_done(void *user, struct snmp_trap_send *send, enum notify_outcome outcome,
                    const char *words)
{
    struct rig *rig = user;
    (void)send;
    assert_int_equal(rig->outcome, -1);
    rig->outcome = (int)outcome;
    snprintf(rig->words, sizeof rig->words, "%s", words);
}

static int setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof own;
    rig->clock = clock_fake(1790000000LL * CLOCK_S);
    rig->loop = loop_new(&rig->clock);
    rig->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(rig->fd, (struct sockaddr *)&own, sizeof own) < 0 ||
        getsockname(rig->fd, (struct sockaddr *)&own, &length) < 0)
        abort();
    rig->recipient = (struct recipient){.kind = RECIPIENT_TRAP,
                                        .host = "127.0.0.1",
                                        .port = ntohs(own.sin_port),
                                        .version = RECIPIENT_V2C,
                                        .community = "secret",
                                        .inform = true,
                                        .user = "",
                                        .auth_password = "",
                                        .privacy_password = ""};
    for (uint64_t i = 0; i < 2; i++)
        rig->notices[i] = (struct notice){.id = 0x100000007 + i,
                                          .kind = NOTICE_TEST,
                                          .number = NAN,
                                          .limit = NAN,
                                          .text = "hello"};
    rig->job = (struct notify_job){.count = 1, .notices = rig->notices};
    rig->outcome = -1;
    *state = rig;
    return 0;
}

static void start(struct rig *rig)
{
    rig->send = (struct snmp_trap_send){.loop = rig->loop,
                                        .way = snmp_trap_way_new(rig->loop, &rig->recipient),
                                        .job = &rig->job,
                                        .enterprise = 32473,
                                        .started = loop_now(rig->loop),
                                        .done = on_done,
                                        .user = rig};
    snmp_trap_send_start(&rig->send);
    loop_poll(rig->loop);
}

static int teardown(void **state)
{
    struct rig *rig = *state;
    if (rig->outcome < 0)
        snmp_trap_send_cancel(&rig->send);
    snmp_trap_way_free(rig->send.way);
    close(rig->fd);
    loop_free(rig->loop);
    free(rig);
    return 0;
}

/* A packet that has come; loopback is done when sendto() returns. */
static bool came(struct rig *rig)
{
    socklen_t size = sizeof rig->from;
    rig->length =
        recvfrom(rig->fd, rig->packet, sizeof rig->packet, 0, (struct sockaddr *)&rig->from, &size);
    return rig->length > 0;
}

/* Where the PDU begins: behind the sequence's header, the version and the community. */
static size_t pdu_of(const struct rig *rig)
{
    size_t at = rig->packet[1] < 0x80 ? 2 : 2 + (rig->packet[1] & 0x7f);
    return at + 3 + 2 + strlen("secret");
}

static void answer(struct rig *rig, uint8_t tag)
{
    size_t pdu = pdu_of(rig);
    assert_int_equal(rig->packet[pdu], INFORM);
    rig->packet[pdu] = tag;
    assert_int_equal(sendto(rig->fd, rig->packet, (size_t)rig->length, 0,
                            (struct sockaddr *)&rig->from, sizeof rig->from),
                     rig->length);
    loop_poll(rig->loop);
}

static void an_inform_is_delivered_when_it_is_acknowledged(void **state)
{
    struct rig *rig = *state;
    start(rig);
    assert_true(came(rig));
    assert_int_equal(rig->outcome, -1);
    answer(rig, RESPONSE);
    assert_int_equal(rig->outcome, NOTIFY_DELIVERED);
}

static void it_is_repeated_as_it_was_and_given_up(void **state)
{
    struct rig *rig = *state;
    uint8_t first[4096];
    start(rig);
    assert_true(came(rig));
    ssize_t length = rig->length;
    memcpy(first, rig->packet, (size_t)length);
    loop_advance(rig->loop, 999 * CLOCK_MS);
    assert_false(came(rig));
    loop_advance(rig->loop, 2 * CLOCK_MS); /* after 1 s */
    assert_true(came(rig));
    /* the same request: a receiver can tell that it is a repetition (only sysUpTime has gone on) */
    assert_memory_equal(rig->packet + pdu_of(rig), first + pdu_of(rig), 10);
    loop_advance(rig->loop, 1990 * CLOCK_MS);
    assert_false(came(rig));
    loop_advance(rig->loop, 20 * CLOCK_MS); /* after 3 s */
    assert_true(came(rig));
    loop_advance(rig->loop, 3900 * CLOCK_MS);
    assert_int_equal(rig->outcome, -1);
    loop_advance(rig->loop, 200 * CLOCK_MS); /* after 7 s */
    assert_int_equal(rig->outcome, NOTIFY_LATER);
    assert_non_null(strstr(rig->words, "no answer"));
    assert_false(came(rig));
}

static void the_second_waits_for_the_first(void **state)
{
    struct rig *rig = *state;
    rig->job.count = 2;
    start(rig);
    assert_true(came(rig));
    assert_false(came(rig));
    loop_advance(rig->loop, 1100 * CLOCK_MS); /* the first is repeated */
    assert_true(came(rig));
    answer(rig, RESPONSE);
    assert_int_equal(rig->outcome, -1);
    assert_true(came(rig)); /* the second */
    answer(rig, RESPONSE);
    assert_int_equal(rig->outcome, NOTIFY_DELIVERED);
}

static void a_late_answer_to_the_first_try_counts(void **state)
{
    struct rig *rig = *state;
    start(rig);
    assert_true(came(rig));
    struct rig early = *rig;
    loop_advance(rig->loop, 1100 * CLOCK_MS);
    assert_true(came(rig));
    memcpy(rig->packet, early.packet, (size_t)early.length);
    rig->length = early.length;
    answer(rig, RESPONSE);
    assert_int_equal(rig->outcome, NOTIFY_DELIVERED);
}

static void answers_of_others_do_not_count(void **state)
{
    struct rig *rig = *state;
    start(rig);
    assert_true(came(rig));
    answer(rig, INFORM); /* our own packet comes back */
    assert_int_equal(rig->outcome, -1);
    rig->packet[pdu_of(rig) + 7] ^= 1; /* in the number of the request */
    answer(rig, RESPONSE);
    assert_int_equal(rig->outcome, -1);
    rig->packet[pdu_of(rig) + 7] ^= 1;
    rig->packet[pdu_of(rig)] = INFORM;
    rig->packet[pdu_of(rig) - 1] ^= 1; /* in the community */
    answer(rig, RESPONSE);
    assert_int_equal(rig->outcome, -1);
    int other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* from another port */
    rig->packet[pdu_of(rig) - 1] ^= 1;
    sendto(other, rig->packet, (size_t)rig->length, 0, (struct sockaddr *)&rig->from,
           sizeof rig->from);
    close(other);
    loop_poll(rig->loop);
    assert_int_equal(rig->outcome, -1);
}

static void a_closed_port_is_told_at_once(void **state)
{
    struct rig *rig = *state;
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof nobody;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* a port that is ours, then closed */
    assert_int_equal(bind(fd, (struct sockaddr *)&nobody, sizeof nobody), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&nobody, &length), 0);
    close(fd);
    rig->recipient.port = ntohs(nobody.sin_port);
    start(rig);
    loop_poll(rig->loop);
    assert_int_equal(rig->outcome, NOTIFY_LATER);
    assert_non_null(strstr(rig->words, "nobody listens"));
}

/* Ten minutes later the name is looked up anew, beside what is sent: a name server that is dead
 * holds up nothing. */
static void an_address_is_used_while_it_cannot_be_looked_up(void **state)
{
    struct rig *rig = *state;
    rig->recipient.inform = false;
    start(rig);
    assert_true(came(rig));
    free(rig->send.way->host);
    rig->send.way->host = calloc(1, 301); /* longer than names can be: refused at once */
    memset(rig->send.way->host, 'x', 300);
    loop_advance(rig->loop, 11 * 60 * CLOCK_S);
    rig->outcome = -1;
    snmp_trap_send_start(&rig->send);
    assert_int_equal(rig->outcome, NOTIFY_DELIVERED);
    assert_true(came(rig));
}

static void a_trap_is_delivered_when_it_is_sent(void **state)
{
    struct rig *rig = *state;
    rig->recipient.inform = false;
    rig->job.count = 2;
    start(rig);
    assert_int_equal(rig->outcome, NOTIFY_DELIVERED);
    assert_true(came(rig));
    assert_int_equal(rig->packet[pdu_of(rig)], 0xa7);
    assert_true(came(rig));
    assert_false(came(rig));
}

/* ---- what is said ---------------------------------------------------------------------------- */

static const struct snmp_packet_variable *variable(const struct snmp_trap_notice *ready,
                                                   uint32_t number)
{
    for (size_t i = 0; i < ready->notification.count; i++) {
        const struct snmp_packet_variable *one = &ready->variables[i];
        if (one->name[one->name_length - 2] == number)
            return one;
    }
    return NULL;
}

static void long_texts_are_cut_between_characters(void **state)
{
    char text[1000];
    struct snmp_trap_notice ready;
    (void)state;
    for (size_t i = 0; i + 1 < sizeof text; i++)
        text[i] = "\xc3\xa9"[i % 2];
    text[sizeof text - 1] = '\0';
    const struct notice notice = {
        .kind = NOTICE_ALARM, .text = text, .label = text, .number = NAN, .limit = NAN};
    snmp_trap_notice_init(&ready, &(struct snmp_trap_source){&notice, false}, 32473, 0);
    assert_int_equal(variable(&ready, 7)->length, 254); /* SnmpAdminString ends at 255 */
    assert_int_equal(variable(&ready, 11)->length, 0);  /* no number, no text of one */
    assert_int_equal(ready.notification.count, snmp_trap_object_count);
}

static void starts_and_refusals_are_those_of_rfc_3418(void **state)
{
    static const struct {
        enum notice_kind kind;
        bool cold;
        uint32_t last;
    } rows[] = {
        {NOTICE_BOOT, true, 1}, {NOTICE_BOOT, false, 2}, {NOTICE_SIGN_IN_REFUSED, false, 5}};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct snmp_trap_notice ready;
        const struct notice notice = {.kind = rows[i].kind};
        const uint32_t wanted[] = {1, 3, 6, 1, 6, 3, 1, 1, 5, rows[i].last};
        snmp_trap_notice_init(&ready, &(struct snmp_trap_source){&notice, rows[i].cold}, 32473, 0);
        assert_int_equal(ready.notification.trap_length, TEST_COUNT(wanted));
        assert_memory_equal(ready.notification.trap, wanted, sizeof wanted);
        assert_null(variable(&ready, 14)); /* no alarm's state */
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_inform_is_delivered_when_it_is_acknowledged),
        TEST(it_is_repeated_as_it_was_and_given_up),
        TEST(the_second_waits_for_the_first),
        TEST(a_late_answer_to_the_first_try_counts),
        TEST(answers_of_others_do_not_count),
        TEST(a_closed_port_is_told_at_once),
        TEST(a_trap_is_delivered_when_it_is_sent),
        TEST(an_address_is_used_while_it_cannot_be_looked_up),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(starts_and_refusals_are_those_of_rfc_3418),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
