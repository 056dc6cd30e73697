/* Names: numeric ones at the end of the turn, others by the pool, and answers that nobody wants any
 * more. */
#include "test.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/resolve.h"

struct fixture {
    struct clock clock;
    struct loop *loop;
    int answers;
    char address[INET6_ADDRSTRLEN];
    int port;
    bool failed;
};

static void begin(struct fixture *f)
{
    *f = (struct fixture){.clock = clock_system()};
    f->loop = loop_new(&f->clock);
    assert_non_null(f->loop);
}

static void on_found(void *user, struct addrinfo *found, const char *problem)
{
    struct fixture *f = user;
    f->answers++;
    f->failed = problem != NULL;
    if (problem)
        return;
    assert_non_null(found);
    if (found->ai_family == AF_INET) {
        const struct sockaddr_in *at = (const struct sockaddr_in *)found->ai_addr;
        inet_ntop(AF_INET, &at->sin_addr, f->address, sizeof f->address);
        f->port = ntohs(at->sin_port);
    } else {
        const struct sockaddr_in6 *at = (const struct sockaddr_in6 *)found->ai_addr;
        inet_ntop(AF_INET6, &at->sin6_addr, f->address, sizeof f->address);
        f->port = ntohs(at->sin6_port);
    }
    freeaddrinfo(found);
}

/* Until an answer is there; a name server may take its time, the test does not judge it. */
static void wait_for(struct fixture *f)
{
    while (!f->answers)
        loop_poll(f->loop);
}

static void an_address_needs_no_thread_and_comes_later_in_the_turn(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_non_null(resolve_start(f.loop, "192.0.2.7", 6514, SOCK_STREAM, on_found, &f));
    assert_int_equal(f.answers, 0);
    loop_poll(f.loop);
    assert_int_equal(f.answers, 1);
    assert_string_equal(f.address, "192.0.2.7");
    assert_int_equal(f.port, 6514);
    assert_non_null(resolve_start(f.loop, "2001:db8::1", 514, SOCK_DGRAM, on_found, &f));
    loop_poll(f.loop);
    assert_string_equal(f.address, "2001:db8::1");
    assert_int_equal(f.port, 514);
    loop_free(f.loop);
}

static void a_name_is_looked_up_by_the_pool(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    assert_non_null(resolve_start(f.loop, "localhost", 25, SOCK_STREAM, on_found, &f));
    wait_for(&f);
    assert_false(f.failed);
    assert_true(strcmp(f.address, "127.0.0.1") == 0 || strcmp(f.address, "::1") == 0);
    assert_int_equal(f.port, 25);
    loop_free(f.loop);
}

static void a_name_that_is_none_is_said_to_be_none(void **state)
{
    (void)state;
    struct fixture f;
    char longest[300];
    begin(&f);
    assert_non_null(resolve_start(f.loop, "no..name", 25, SOCK_STREAM, on_found, &f));
    wait_for(&f);
    assert_true(f.failed);
    memset(longest, 'a', sizeof longest);
    longest[254] = '\0';
    assert_null(resolve_start(f.loop, longest, 25, SOCK_STREAM, on_found, &f));
    loop_free(f.loop);
}

static void nobody_is_told_what_was_cancelled(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    resolve_cancel(resolve_start(f.loop, "192.0.2.7", 1, SOCK_STREAM, on_found, &f));
    resolve_cancel(resolve_start(f.loop, "localhost", 1, SOCK_STREAM, on_found, &f));
    assert_null(resolve_cancel(NULL));
    struct fixture other = f;
    assert_non_null(resolve_start(f.loop, "localhost", 1, SOCK_STREAM, on_found, &other));
    other.answers = 0;
    while (!other.answers)
        loop_poll(f.loop);
    assert_int_equal(f.answers, 0);
    loop_free(f.loop); /* waits for what the pool still does */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_needs_no_thread_and_comes_later_in_the_turn),
        cmocka_unit_test(a_name_is_looked_up_by_the_pool),
        cmocka_unit_test(a_name_that_is_none_is_said_to_be_none),
        cmocka_unit_test(nobody_is_told_what_was_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
