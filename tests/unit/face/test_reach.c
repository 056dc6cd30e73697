/* Reaching other machines, on this one's own addresses. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "face/reach.h"

static struct clock system_clock;
static struct loop *loop;
static int done;
static struct reach_result got;

static void on_done(void *user, const struct reach_result *result)
{
    assert_ptr_equal(user, &done);
    done++;
    got = *result;
    loop_stop(loop);
}

static void test(const char *host, int port)
{
    done = 0;
    assert_non_null(reach_start(loop, host, port, on_done, &done));
    assert_int_equal(done, 0); /* never from inside */
    loop_run(loop);
    assert_int_equal(done, 1);
}

static int listener(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static void a_port_that_listens(void **state)
{
    (void)state;
    int port, fd = listener(&port);
    assert_int_equal(listen(fd, 1), 0);
    test("127.0.0.1", port);
    assert_string_equal(got.address, "127.0.0.1");
    assert_true(got.name.ok && got.connect.ok && got.ping.tried);
    /* where groups may not ping, why is said; else it is answered */
    assert_true(got.ping.ok || strstr(got.ping.problem, "ping_group_range"));
    close(fd);
}

static void a_port_that_nobody_has(void **state)
{
    (void)state;
    int port, fd = listener(&port); /* bound, but it does not listen */
    test("127.0.0.1", port);
    assert_false(got.connect.ok);
    assert_string_equal(got.connect.problem, "Connection refused");
    close(fd);
}

static void without_a_port_nothing_is_opened(void **state)
{
    (void)state;
    test("127.0.0.1", 0);
    assert_true(got.name.ok && got.ping.tried);
    assert_false(got.connect.tried);
}

static void a_name_that_is_none(void **state)
{
    (void)state;
    test("no such name", 0);
    assert_false(got.name.ok);
    assert_true(*got.name.problem);
    assert_false(got.ping.tried);
    assert_string_equal(got.address, "");
}

static void a_test_that_is_stopped_says_nothing(void **state)
{
    (void)state;
    done = 0;
    reach_stop(reach_start(loop, "127.0.0.1", 0, on_done, &done));
    loop_poll(loop);
    assert_int_equal(done, 0);
    assert_null(reach_stop(NULL));
}

int main(void)
{
    system_clock = clock_system();
    loop = loop_new(&system_clock);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_that_listens),
        cmocka_unit_test(a_port_that_nobody_has),
        cmocka_unit_test(without_a_port_nothing_is_opened),
        cmocka_unit_test(a_name_that_is_none),
        cmocka_unit_test(a_test_that_is_stopped_says_nothing),
    };
    int result = cmocka_run_group_tests(tests, NULL, NULL);
    loop_free(loop);
    return result;
}
