/* Lines over real sockets and pseudo terminals, on the real clock. */
#include "field_testing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pty.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "base/serial.h"
#include "field/line.h"

/* A server on the same loop: one listening socket, one connection at a time; or the master side
 * of a terminal. */
struct server {
    struct loop *loop;
    bool rtu, deaf;
    int listener, peer;
    struct loop_fd accepting, reading;
    unsigned accepted, requests;
    uint8_t in[1024];
    size_t in_length;
    uint16_t port;
};

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct server server;
    struct line_settings settings;
    char port[64];
    struct line *line;
    struct loop_timer stop;
};

static void server_hang_up(struct server *server)
{
    loop_fd_stop(&server->reading);
    if (server->peer >= 0)
        close(server->peer);
    server->peer = -1;
    server->in_length = 0;
}

static void server_serve(struct server *server)
{
    size_t need;
    while (server->in_length >= 8 &&
           (need = server->rtu ? 8 : 6 + (size_t)server->in[5]) <= server->in_length) {
        uint8_t answer[300];
        size_t size = server->rtu ? testing_answer_rtu(server->in, need, answer)
                                  : testing_answer_tcp(server->in, need, answer);
        server->in_length -= need;
        memmove(server->in, server->in + need, server->in_length);
        server->requests++;
        if (!server->deaf)
            assert_int_equal(write(server->peer, answer, size), size);
    }
}

static void on_readable(struct loop_fd *handle, int events, void *user)
{
    (void)handle;
    (void)events;
    struct server *server = user;
    ssize_t got =
        read(server->peer, server->in + server->in_length, sizeof server->in - server->in_length);
    if (got > 0) {
        server->in_length += (size_t)got;
        server_serve(server);
    } else if (!server->rtu) {
        server_hang_up(server);
    } else {
        loop_fd_stop(&server->reading); /* a master without its slave has nothing to say */
    }
}

static void server_read(struct server *server)
{
    assert_int_equal(
        loop_fd_start(server->loop, &server->reading, server->peer, LOOP_READ, on_readable, server),
        0);
}

static void on_accept(struct loop_fd *handle, int events, void *user)
{
    (void)handle;
    (void)events;
    struct server *server = user;
    server_hang_up(server);
    server->peer = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK);
    assert_true(server->peer >= 0);
    server->accepted++;
    server_read(server);
}

/* Listens on a free port, or on the one it had before. */
static void server_listen(struct server *server)
{
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int on = 1;
    setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(server->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    getsockname(server->listener, (struct sockaddr *)&address, &size);
    server->port = ntohs(address.sin_port);
    assert_int_equal(loop_fd_start(server->loop, &server->accepting, server->listener, LOOP_READ,
                                   on_accept, server),
                     0);
}

static void server_stop(struct server *server)
{
    server_hang_up(server);
    loop_fd_stop(&server->accepting);
    if (server->listener >= 0)
        close(server->listener);
    server->listener = -1;
}

/* A terminal pair; `name` receives the slave's path. */
static void server_terminal(struct server *server, char *name)
{
    int slave;
    assert_int_equal(openpty(&server->peer, &slave, name, NULL, NULL), 0);
    struct termios raw;
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    close(slave);
    fcntl(server->peer, F_SETFL, O_NONBLOCK);
}

static int setup(void **state)
{
    struct fixture *f = mem_new(sizeof *f);
    f->clock = clock_system();
    f->loop = loop_new(&f->clock);
    f->server = (struct server){.loop = f->loop,
                                .listener = -1,
                                .peer = -1,
                                .accepting = LOOP_FD_EMPTY,
                                .reading = LOOP_FD_EMPTY};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    line_free(f->line);
    server_stop(&f->server);
    loop_timer_stop(&f->stop);
    loop_free(f->loop);
    free(f);
    return 0;
}

static void start_tcp(struct fixture *f, enum line_kind kind, const char *host)
{
    f->server.rtu = kind == LINE_RTU_OVER_TCP;
    server_listen(&f->server);
    snprintf(f->port, sizeof f->port, "%u", f->server.port);
    f->settings = testing_settings(kind);
    f->settings.host = host;
    f->settings.port = f->port;
    f->settings.baud = 7;
    f->line = line_new(f->loop, "gw-1", &f->settings, NULL);
    line_open(f->line);
}

static void start_terminal(struct fixture *f)
{
    f->server.rtu = true;
    server_terminal(&f->server, f->port);
    f->settings = testing_settings(LINE_MODBUS_RTU);
    f->settings.port = f->port;
    f->settings.baud = 7;
    f->line = line_new(f->loop, "bus-1", &f->settings, NULL);
    line_open(f->line);
}

static void on_stop(struct loop_timer *timer, void *user)
{
    (void)timer;
    loop_stop(user);
}

static void run_for(struct fixture *f, clock_us time)
{
    loop_timer_at(f->loop, &f->stop, clock_mono(&f->clock) + time, on_stop, f->loop);
    loop_run(f->loop);
}

static void run_until_open(struct fixture *f, clock_us most)
{
    for (clock_us waited = 0; waited < most && line_state(f->line) != LINE_STATE_OPEN;
         waited += 10 * CLOCK_MS)
        run_for(f, 10 * CLOCK_MS);
    assert_int_equal(line_state(f->line), LINE_STATE_OPEN);
}

static void ask(struct fixture *f, struct asked *asked, uint8_t unit, uint8_t count)
{
    asked_read(asked, unit, 3, count);
    line_submit(f->line, &asked->request);
    for (int i = 0; i < 300 && !asked->done; i++)
        run_for(f, 10 * CLOCK_MS);
}

static void tcp_asks_and_answers(void **state)
{
    struct fixture *f = *state;
    start_tcp(f, LINE_MODBUS_TCP, "127.0.0.1");
    struct asked asked;
    for (uint8_t i = 1; i < 50; i++) {
        ask(f, &asked, i, 125);
        asked_check(&asked);
    }
    assert_int_equal(f->server.accepted, 1);
    assert_int_equal(f->server.requests, 49);
    assert_int_equal(line_statistics(f->line)->counts[STATISTICS_NOISE], 0);
}

static void tcp_by_name(void **state)
{
    struct fixture *f = *state;
    start_tcp(f, LINE_MODBUS_TCP, "localhost");
    struct asked asked;
    ask(f, &asked, 9, 2);
    asked_check(&asked);
}

static void tcp_name_that_is_none(void **state)
{
    struct fixture *f = *state;
    start_tcp(f, LINE_MODBUS_TCP, "no-such-host.invalid");
    /* freed while the name may still be looked up: nothing must be touched afterwards */
    run_for(f, CLOCK_MS);
    f->line = line_free(f->line);
    run_for(f, 20 * CLOCK_MS);
}

static void tcp_server_goes_and_comes(void **state)
{
    struct fixture *f = *state;
    start_tcp(f, LINE_MODBUS_TCP, "127.0.0.1");
    struct asked asked;
    ask(f, &asked, 9, 2);
    asked_check(&asked);
    server_stop(&f->server);
    run_for(f, 300 * CLOCK_MS);
    assert_int_equal(line_state(f->line), LINE_STATE_FAILING);
    assert_non_null(strstr(line_reason(f->line), "Connection refused"));
    ask(f, &asked, 9, 2);
    assert_int_equal(asked.result, DRIVER_LINE_DOWN);
    server_listen(&f->server);
    run_until_open(f, 3 * CLOCK_S);
    ask(f, &asked, 9, 2);
    asked_check(&asked);
}

static void tcp_server_hangs_up_after_each_answer(void **state)
{
    struct fixture *f = *state;
    start_tcp(f, LINE_MODBUS_TCP, "127.0.0.1");
    struct asked asked;
    for (int i = 0; i < 5; i++) {
        ask(f, &asked, 9, 2);
        asked_check(&asked);
        server_hang_up(&f->server);
        run_for(f, 5 * CLOCK_MS);
    }
    assert_int_equal(f->server.accepted, 6);
}

static void tcp_times_out(void **state)
{
    struct fixture *f = *state;
    start_tcp(f, LINE_MODBUS_TCP, "127.0.0.1");
    f->server.deaf = true;
    struct asked asked;
    clock_us before = clock_mono(&f->clock);
    asked_read(&asked, 9, 0, 1);
    asked.request.timeout = 50 * CLOCK_MS;
    asked.request.retries = 0;
    line_submit(f->line, &asked.request);
    while (!asked.done)
        run_for(f, CLOCK_MS);
    assert_int_equal(asked.result, DRIVER_TIMED_OUT);
    assert_in_range(clock_mono(&f->clock) - before, 50 * CLOCK_MS, 500 * CLOCK_MS);
}

static void rtu_over_tcp(void **state)
{
    struct fixture *f = *state;
    start_tcp(f, LINE_RTU_OVER_TCP, "127.0.0.1");
    struct asked asked;
    for (uint8_t i = 1; i < 20; i++) {
        ask(f, &asked, i, 100);
        asked_check(&asked);
    }
}

static void rtu_by_terminal(void **state)
{
    struct fixture *f = *state;
    start_terminal(f);
    run_until_open(f, CLOCK_S);
    server_read(&f->server);
    struct asked asked;
    for (uint8_t i = 1; i < 20; i++) {
        ask(f, &asked, i, 100);
        asked_check(&asked);
    }
    char endpoint[100];
    snprintf(endpoint, sizeof endpoint, "%s 115200 8N1", f->port);
    assert_string_equal(line_endpoint(f->line), endpoint);
}

static void terminal_is_unplugged(void **state)
{
    struct fixture *f = *state;
    start_terminal(f);
    run_until_open(f, CLOCK_S);
    server_read(&f->server);
    struct asked asked;
    ask(f, &asked, 9, 2);
    asked_check(&asked);
    server_hang_up(&f->server); /* what pulling the adaptor looks like to the other end */
    run_for(f, 100 * CLOCK_MS);
    assert_int_equal(line_state(f->line), LINE_STATE_FAILING);
    /* A device of the same name comes back: a link stands in for udev. */
    char link[80], slave[64];
    snprintf(link, sizeof link, "/tmp/busbar-test-%d", (int)getpid());
    server_terminal(&f->server, slave);
    assert_int_equal(symlink(slave, link), 0);
    line_free(f->line);
    f->settings.port = link;
    f->line = line_new(f->loop, "bus-1", &f->settings, NULL);
    line_open(f->line);
    run_until_open(f, CLOCK_S);
    server_read(&f->server);
    ask(f, &asked, 9, 2);
    asked_check(&asked);
    server_hang_up(&f->server);
    unlink(link);
    run_for(f, 300 * CLOCK_MS);
    assert_int_equal(line_state(f->line), LINE_STATE_FAILING);
    server_terminal(&f->server, slave);
    assert_int_equal(symlink(slave, link), 0);
    run_until_open(f, 10 * CLOCK_S);
    server_read(&f->server);
    ask(f, &asked, 9, 2);
    asked_check(&asked);
    unlink(link);
}

static void terminal_in_use_by_another(void **state)
{
    struct fixture *f = *state;
    f->server.rtu = true;
    server_terminal(&f->server, f->port);
    int other = open(f->port, O_RDWR | O_NOCTTY);
    assert_int_equal(flock(other, LOCK_EX), 0);
    f->settings = testing_settings(LINE_MODBUS_RTU);
    f->settings.port = f->port;
    f->line = line_new(f->loop, "bus-1", &f->settings, NULL);
    line_open(f->line);
    run_for(f, 50 * CLOCK_MS);
    assert_int_equal(line_state(f->line), LINE_STATE_FAILING);
    assert_non_null(strstr(line_reason(f->line), "in use by another program"));
    close(other);
    run_until_open(f, 2 * CLOCK_S);
}

static void ports_that_are_none(void **state)
{
    struct fixture *f = *state;
    const struct {
        const char *path, *reason;
    } wrong[] = {
        {"/dev/null", "not a serial port"},
        {"/tmp", "cannot open"},
        {"/dev/does-not-exist", "No such file"},
    };
    for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
        line_free(f->line);
        f->settings = testing_settings(LINE_MODBUS_RTU);
        f->settings.port = wrong[i].path;
        f->line = line_new(f->loop, "bus-1", &f->settings, NULL);
        line_open(f->line);
        run_for(f, 20 * CLOCK_MS);
        assert_int_equal(line_state(f->line), LINE_STATE_FAILING);
        assert_non_null(strstr(line_reason(f->line), wrong[i].reason));
    }
}

static void terminal_settings_are_applied(void **state)
{
    struct fixture *f = *state;
    f->server.rtu = true;
    server_terminal(&f->server, f->port);
    f->settings = testing_settings(LINE_MODBUS_RTU);
    f->settings.port = f->port;
    f->settings.baud = 1; /* 2400 */
    f->settings.stop_bits = 2;
    f->line = line_new(f->loop, "bus-1", &f->settings, NULL);
    line_open(f->line);
    run_until_open(f, CLOCK_S);
    struct termios mode; /* master and slave share it */
    assert_int_equal(tcgetattr(f->server.peer, &mode), 0);
    assert_int_equal(cfgetospeed(&mode), B2400);
    assert_true(mode.c_cflag & CSTOPB);
    assert_false(mode.c_lflag & (ICANON | ECHO));
}

/* A virtual port keeps the mode in which it was left, and has no parity to refuse. */
static void terminal_opens_again_with_parity(void **state)
{
    struct fixture *f = *state;
    server_terminal(&f->server, f->port);
    const struct serial_setup setup = {
        .port = f->port, .baud = 19200, .parity = SERIAL_PARITY_EVEN, .stop_bits = 1};
    for (int turn = 0; turn < 3; turn++) {
        struct err err = ERR_EMPTY;
        int fd = serial_open(&setup, &err);
        if (fd < 0)
            fail_msg("turn %d: %s", turn, err.text);
        close(fd);
    }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(tcp_asks_and_answers),
        TEST(tcp_by_name),
        TEST(tcp_name_that_is_none),
        TEST(tcp_server_goes_and_comes),
        TEST(tcp_server_hangs_up_after_each_answer),
        TEST(tcp_times_out),
        TEST(rtu_over_tcp),
        TEST(rtu_by_terminal),
        TEST(terminal_is_unplugged),
        TEST(terminal_in_use_by_another),
        TEST(ports_that_are_none),
        TEST(terminal_settings_are_applied),
        TEST(terminal_opens_again_with_parity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
