/* A letter brought to a server that this test plays byte by byte, over a real connection: what goes
 * ahead of the message and what does not, commands in one go and one by one, answers that come
 * together, apart, too early or not at all, and connections that are kept. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "face/mail_transfer.h"

#define PATIENCE_US 30000000
#define IN_ONE                                                                                     \
    "MAIL FROM:<busbar@example.org>\r\nRCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n"     \
    "DATA\r\n"
#define IN_ONE_SIZED                                                                               \
    "MAIL FROM:<busbar@example.org> SIZE=10\r\nRCPT TO:<a@example.org>\r\n"                        \
    "RCPT TO:<b@example.org>\r\nDATA\r\n"
#define OFFER "250-x\r\n250-SIZE 100\r\n250 PIPELINING\r\n"

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct mail_settings settings;
    struct mail_transfer transfer;
    struct mail_letter letter;
    struct buf message, large;
    int listener, fd; /* fd: the server's end; -1: nobody is there */
    struct buf got;
    int ended;
    bool closed; /* by us */
    enum notify_outcome outcome;
    mail_mask done_with;
    char words[600];
};

static int begin(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    f->clock = clock_system();
    f->loop = loop_new(&f->clock);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(f->listener, 4), 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&address, &size), 0);
    f->fd = -1;
    f->settings = (struct mail_settings){.server = "127.0.0.1",
                                         .port = ntohs(address.sin_port),
                                         .password = "",
                                         .pop_server = "",
                                         .timeout = 60 * CLOCK_S};
    buf_add_text(&f->message, "Hi\r\n.dot\r\n");
    while (f->large.length <= 100)
        buf_add_text(&f->large, "more than the server takes\r\n");
    mail_transfer_init(&f->transfer, f->loop);
    f->letter = (struct mail_letter){.settings = &f->settings,
                                     .host = "rack-7",
                                     .from = "busbar@example.org",
                                     .to = "a@example.org, b@example.org"};
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;
    mail_transfer_deinit(&f->transfer);
    if (f->fd >= 0)
        close(f->fd);
    close(f->listener);
    loop_free(f->loop);
    buf_deinit(&f->message);
    buf_deinit(&f->large);
    buf_deinit(&f->got);
    free(f);
    return 0;
}

/* ---- the two sides --------------------------------------------------------------------------- */

static void on_done(void *user, const struct mail_result *result)
{
    struct fixture *f = user;
    f->ended++;
    f->outcome = result->outcome;
    f->done_with = result->done_with;
    snprintf(f->words, sizeof f->words, "%s", result->words);
}

static void start(struct fixture *f, const struct buf *message)
{
    f->letter.message = message;
    f->ended = 0;
    mail_transfer_start(&f->transfer, &f->letter, on_done, f);
    assert_int_equal(f->ended, 0);
}

/* A turn of the loop, and what the server has got by it. */
static void turn(struct fixture *f)
{
    char bytes[4096];
    loop_poll(f->loop);
    if (f->fd < 0) {
        f->fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        f->closed = false;
    }
    ssize_t got = f->fd < 0 ? -1 : recv(f->fd, bytes, sizeof bytes, 0);
    if (got > 0)
        buf_add(&f->got, bytes, (size_t)got);
    f->closed |= got == 0;
    usleep(200);
}

static void say(struct fixture *f, const char *bytes)
{
    for (int i = 0; f->fd < 0 && i < PATIENCE_US / 200; i++)
        turn(f);
    assert_int_equal(send(f->fd, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
}

/* Exactly these bytes come, and nothing behind them. */
static void hear(struct fixture *f, const char *bytes)
{
    for (int i = 0; f->got.length < strlen(bytes) && i < PATIENCE_US / 200; i++)
        turn(f);
    for (int i = 0; i < 10; i++)
        turn(f);
    assert_string_equal(buf_text(&f->got), bytes);
    buf_clear(&f->got);
}

static void expect_end(struct fixture *f, enum notify_outcome outcome, mail_mask done_with,
                       const char *words)
{
    for (int i = 0; !f->ended && i < PATIENCE_US / 200; i++)
        turn(f);
    assert_int_equal(f->ended, 1);
    assert_string_equal(f->words, words);
    assert_int_equal(f->outcome, outcome);
    assert_int_equal(f->done_with, done_with);
}

/* We have closed it, after these last words. */
static void expect_close(struct fixture *f, const char *last)
{
    for (int i = 0; !f->closed && i < PATIENCE_US / 200; i++)
        turn(f);
    assert_true(f->closed);
    assert_string_equal(buf_text(&f->got), last);
    buf_clear(&f->got);
    close(f->fd);
    f->fd = -1;
}

static void hang_up(struct fixture *f)
{
    close(f->fd);
    f->fd = -1;
}

static void greet(struct fixture *f, const char *offer)
{
    say(f, "220 x\r\n");
    hear(f, "EHLO rack-7\r\n");
    say(f, offer);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void one_by_one_where_pipelining_is_not_offered(void **state)
{
    struct fixture *f = *state;
    start(f, &f->message);
    greet(f, "250-x\r\n250 SIZE 100\r\n");
    hear(f, "MAIL FROM:<busbar@example.org> SIZE=10\r\n");
    say(f, "250 m\r\n");
    hear(f, "RCPT TO:<a@example.org>\r\n");
    say(f, "550 5.1.1 no a\r\n");
    hear(f, "RCPT TO:<b@example.org>\r\n");
    say(f, "250 b\r\n");
    hear(f, "DATA\r\n");
    say(f, "354 go\r\n");
    hear(f, "Hi\r\n..dot\r\n.\r\n");
    say(f, "250 taken\r\n");
    expect_end(f, NOTIFY_DELIVERED, 3,
               "127.0.0.1: 250 taken, but a recipient was refused: 550 5.1.1 no a");
    expect_close(f, "QUIT\r\n");
}

static void in_one_go_with_answers_apart_and_together(void **state)
{
    static const char *const pieces[][8] = {
        {"250 m\r\n250 a\r\n250 b\r\n354 go\r\n"},
        {"250 m\r\n", "250 a\r\n", "250 b\r\n", "354 go\r\n"},
        {"250-m\r\n25", "0 m\r\n250 a\r", "\n250 b\r\n3", "54 go\r\n"},
    };
    struct fixture *f = *state;
    for (size_t row = 0; row < TEST_COUNT(pieces); row++) {
        start(f, &f->message);
        greet(f, OFFER);
        hear(f, IN_ONE_SIZED);
        for (int i = 0; pieces[row][i]; i++) {
            hear(f, "");
            say(f, pieces[row][i]);
        }
        hear(f, "Hi\r\n..dot\r\n.\r\n");
        say(f, "250 taken\r\n");
        expect_end(f, NOTIFY_DELIVERED, 3, "127.0.0.1: 250 taken");
        expect_close(f, "QUIT\r\n");
    }
}

/* Before it is there all else has been said; its last byte follows at once. */
static void the_message_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    f->settings.timeout = 300 * CLOCK_MS; /* which is for the server alone */
    start(f, NULL);
    greet(f, OFFER);
    hear(f, IN_ONE);
    say(f, "250 m\r\n250 a\r\n250 b\r\n354 go\r\n");
    hear(f, "");
    usleep(400000);
    hear(f, "");
    assert_int_equal(f->ended, 0);
    mail_transfer_give(&f->transfer, &f->message);
    hear(f, "Hi\r\n..dot\r\n.\r\n");
    expect_end(f, NOTIFY_LATER, 0, "127.0.0.1 said nothing for 0 s");
    expect_close(f, "");
}

static void the_message_comes_first(void **state)
{
    struct fixture *f = *state;
    start(f, NULL);
    mail_transfer_give(&f->transfer, &f->message);
    greet(f, OFFER);
    hear(f, IN_ONE_SIZED);
    say(f, "250 m\r\n250 a\r\n250 b\r\n354 go\r\n");
    hear(f, "Hi\r\n..dot\r\n.\r\n");
    say(f, "250 taken\r\n");
    expect_end(f, NOTIFY_DELIVERED, 3, "127.0.0.1: 250 taken");
}

/* It turns out when the server waits for it already: no dot, no QUIT, which would be of it. */
static void a_message_that_is_too_large(void **state)
{
    struct fixture *f = *state;
    char words[200];
    snprintf(words, sizeof words, "127.0.0.1 takes at most 100 bytes, and this message has %zu",
             f->large.length);
    start(f, NULL);
    greet(f, OFFER);
    hear(f, IN_ONE);
    say(f, "250 m\r\n250 a\r\n250 b\r\n354 go\r\n");
    hear(f, "");
    mail_transfer_give(&f->transfer, &f->large);
    expect_end(f, NOTIFY_NEVER, 3, words);
    expect_close(f, "");
    start(f, &f->large); /* known from the beginning */
    greet(f, OFFER);
    expect_end(f, NOTIFY_NEVER, 3, words);
    expect_close(f, "QUIT\r\n");
}

/* RFC 2920, 3.1: DATA taken for nobody is ended with nothing, and that is not a mail sent. */
static void nobody_is_there(void **state)
{
    struct fixture *f = *state;
    for (int ahead = 0; ahead < 2; ahead++) {
        start(f, ahead ? NULL : &f->message);
        greet(f, OFFER);
        hear(f, ahead ? IN_ONE : IN_ONE_SIZED);
        say(f, "250 m\r\n550 5.1.1 no a\r\n550 5.1.1 no b\r\n354 go\r\n");
        hear(f, ".\r\n");
        say(f, "250 2.0.0 queued\r\n");
        expect_end(f, NOTIFY_NEVER, 3, "127.0.0.1 refuses the recipient: 550 5.1.1 no a");
        expect_close(f, "QUIT\r\n");
    }
}

static void it_hangs_up_in_the_middle(void **state)
{
    static const struct {
        const char *said, *words;
        mail_mask done_with;
        enum notify_outcome outcome;
    } rows[] = {
        {"250 m\r\n250 a\r\n", "closed", 0, NOTIFY_LATER},
        {"250 m\r\n550 no a\r\n", "closed", 1, NOTIFY_LATER},
        {"250 m\r\n550 no a\r\n550 no b\r\n", "127.0.0.1 refuses the recipient: 550 no a", 3,
         NOTIFY_NEVER},
        {"250 m\r\n550 no a\r\n421 bye\r\n", "127.0.0.1 refuses the recipient: 421 bye", 1,
         NOTIFY_LATER},
        {"451 later\r\n503 x\r\n", "127.0.0.1 refuses the sender: 451 later", 0, NOTIFY_LATER},
        {"250 m\r\n250 a\r\n250 b\r\n35", "closed", 0, NOTIFY_LATER},
        {"250 m\r\n250 a\r\n250 b\r\n354 go\r\n", "closed", 0, NOTIFY_LATER},
    };
    struct fixture *f = *state;
    char closed[100];
    snprintf(closed, sizeof closed, "127.0.0.1, port %d: it closed the connection",
             (int)f->settings.port);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        start(f, NULL);
        greet(f, OFFER);
        hear(f, IN_ONE);
        say(f, rows[i].said);
        hang_up(f);
        expect_end(f, rows[i].outcome, rows[i].done_with,
                   strcmp(rows[i].words, "closed") == 0 ? closed : rows[i].words);
    }
}

/* What is said before the message has gone out cannot be its answer. */
static void an_answer_that_comes_too_early(void **state)
{
    struct fixture *f = *state;
    start(f, &f->message);
    greet(f, OFFER);
    hear(f, IN_ONE_SIZED);
    say(f, "250 m\r\n250 a\r\n250 b\r\n354 go\r\n250 taken\r\n");
    expect_end(f, NOTIFY_LATER, 0, "127.0.0.1 did not wait for the message: 250 taken");
    hang_up(f);
    buf_clear(&f->got);
    start(f, NULL);
    greet(f, OFFER);
    hear(f, IN_ONE);
    say(f, "250 m\r\n250 a\r\n250 b\r\n354 go\r\n");
    hear(f, "");
    say(f, "421 4.3.2 closing\r\n");
    expect_end(f, NOTIFY_LATER, 0, "127.0.0.1 did not wait for the message: 421 4.3.2 closing");
}

/* Nothing goes out past a gap, wherever memory ends: no command, no piece of the message. */
static void memory_that_runs_out(void **state)
{
    struct fixture *f = *state;
    struct buf *const outs[] = {&f->transfer.session.out, &f->transfer.link.out};
    char words[100];
    snprintf(words, sizeof words, "127.0.0.1, port %d: out of memory", (int)f->settings.port);
    for (size_t i = 0; i < TEST_COUNT(outs); i++) {
        outs[i]->limit = 0;
        start(f, &f->message);
        say(f, "220 x\r\n");
        hear(f, "EHLO rack-7\r\n");
        outs[i]->limit = 60; /* the first RCPT does not fit */
        say(f, OFFER);
        expect_end(f, NOTIFY_LATER, 0,
                   i == 0 ? "there is not enough memory to send the mail" : words);
        expect_close(f, "");
        outs[i]->limit = 0;
        start(f, &f->message);
        greet(f, OFFER);
        hear(f, IN_ONE_SIZED);
        f->transfer.link.out.limit = 5;
        say(f, "250 m\r\n250 a\r\n250 b\r\n354 go\r\n");
        expect_end(f, NOTIFY_LATER, 0, words);
        expect_close(f, "");
        f->transfer.link.out.limit = 0;
    }
}

/* The next letter needs no greeting. When the server has closed, or is about to, it needs one, and
 * that is all that there is to see of it. */
static void a_connection_is_kept(void **state)
{
    static const char *const breaks[] = {NULL, "", "421 4.4.2 idle\r\n"}; /* NULL: none */
    struct fixture *f = *state;
    f->letter.stay = true;
    start(f, &f->message);
    greet(f, OFFER);
    for (size_t i = 0; i < TEST_COUNT(breaks); i++) {
        hear(f, IN_ONE_SIZED);
        say(f, "250 m\r\n250 a\r\n250 b\r\n354 go\r\n");
        hear(f, "Hi\r\n..dot\r\n.\r\n");
        say(f, "250 taken\r\n");
        expect_end(f, NOTIFY_DELIVERED, 3, "127.0.0.1: 250 taken");
        start(f, &f->message);
        if (!breaks[i])
            continue;
        hear(f, IN_ONE_SIZED); /* it crosses what the server says */
        if (*breaks[i])
            say(f, breaks[i]);
        hang_up(f);
        greet(f, OFFER);
    }
    hear(f, IN_ONE_SIZED);
    say(f, "250 m\r\n"); /* it has been answered: a break is a break now */
    hear(f, "");
    hang_up(f);
    char closed[100];
    snprintf(closed, sizeof closed, "127.0.0.1, port %d: it closed the connection",
             (int)f->settings.port);
    expect_end(f, NOTIFY_LATER, 0, closed);
}

/* As the next letter begins: that the server has gone or says so is about the letter before, whose
 * refusals are not this one's. One answer too many is no answer to this one either. */
static void the_kept_connection_ends_as_the_next_letter_begins(void **state)
{
    static const char *const said[] = {"", "421 4.4.2 idle\r\n", NULL};
    struct fixture *f = *state;
    f->letter.stay = true;
    start(f, &f->message);
    for (size_t i = 0; i < TEST_COUNT(said); i++) {
        greet(f, OFFER);
        hear(f, IN_ONE_SIZED);
        say(f, "250 m\r\n550 5.1.1 no a\r\n250 b\r\n354 go\r\n");
        hear(f, "Hi\r\n..dot\r\n.\r\n");
        say(f, "250 taken\r\n");
        expect_end(f, NOTIFY_DELIVERED, 3,
                   "127.0.0.1: 250 taken, but a recipient was refused: 550 5.1.1 no a");
        say(f, said[i] ? said[i] : "250 taken\r\n");
        if (said[i])
            hang_up(f);
        usleep(2000); /* the loop has not looked yet */
        start(f, &f->message);
    }
    hear(f, IN_ONE_SIZED); /* both addresses */
    say(f, "250 m\r\n250 a\r\n250 b\r\n354 go\r\n");
    expect_end(f, NOTIFY_LATER, 0, "127.0.0.1 refuses the message: 250 b");
}

/* A person looks at the dialogue: it is a whole one. */
static void a_kept_connection_is_not_for_tests(void **state)
{
    struct fixture *f = *state;
    f->letter.stay = true;
    start(f, &f->message);
    greet(f, OFFER);
    hear(f, IN_ONE_SIZED);
    say(f, "250 m\r\n250 a\r\n250 b\r\n354 go\r\n");
    hear(f, "Hi\r\n..dot\r\n.\r\n");
    say(f, "250 taken\r\n");
    expect_end(f, NOTIFY_DELIVERED, 3, "127.0.0.1: 250 taken");
    f->transfer.dialogue.keep = true;
    start(f, &f->message);
    expect_close(f, "QUIT\r\n");
    greet(f, OFFER);
    hear(f, IN_ONE_SIZED);
    assert_non_null(strstr(buf_text(&f->transfer.dialogue.text),
                           "* connected\n< 220 x\n> EHLO rack-7\n< 250-x\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_by_one_where_pipelining_is_not_offered, begin, end),
        cmocka_unit_test_setup_teardown(in_one_go_with_answers_apart_and_together, begin, end),
        cmocka_unit_test_setup_teardown(the_message_is_not_waited_for, begin, end),
        cmocka_unit_test_setup_teardown(the_message_comes_first, begin, end),
        cmocka_unit_test_setup_teardown(a_message_that_is_too_large, begin, end),
        cmocka_unit_test_setup_teardown(nobody_is_there, begin, end),
        cmocka_unit_test_setup_teardown(it_hangs_up_in_the_middle, begin, end),
        cmocka_unit_test_setup_teardown(an_answer_that_comes_too_early, begin, end),
        cmocka_unit_test_setup_teardown(memory_that_runs_out, begin, end),
        cmocka_unit_test_setup_teardown(a_connection_is_kept, begin, end),
        cmocka_unit_test_setup_teardown(the_kept_connection_ends_as_the_next_letter_begins, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_kept_connection_is_not_for_tests, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
