/* Transfers of libcurl in our loop, against a server in the same loop: one after the other over the
 * same connection, side by side, cancelled at any moment, and those that cannot be. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "face/curl_loop.h"

#define LINKS 8

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct curl_loop *curl;
    int listener, port;
    struct loop_fd listening;
    struct loop_fd links[LINKS];
    int fds[LINKS];
    int accepted, asked;
    bool mute;
};

struct transfer {
    struct curl_call call;
    char answer[100];
    size_t length;
    int ended;
    CURLcode result;
};

/* ---- the server ------------------------------------------------------------------------------ */

static void on_request(struct loop_fd *handle, int events, void *user)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    struct fixture *f = user;
    char text[2000];
    (void)events;
    if (recv(handle->fd, text, sizeof text, 0) <= 0) {
        loop_fd_stop(handle);
        return;
    }
    f->asked++;
    if (!f->mute)
        send(handle->fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
}

static void on_accept(struct loop_fd *handle, int events, void *user)
{
    struct fixture *f = user;
    (void)handle;
    (void)events;
    int fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(fd >= 0 && f->accepted < LINKS);
    f->fds[f->accepted] = fd;
    loop_fd_start(f->loop, &f->links[f->accepted++], fd, LOOP_READ, on_request, f);
}

static int begin(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    f->clock = clock_system();
    f->loop = loop_new(&f->clock);
    f->curl = curl_loop_new(f->loop);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(f->listener, LINKS), 0);
    assert_int_equal(getsockname(f->listener, (struct sockaddr *)&address, &size), 0);
    f->port = ntohs(address.sin_port);
    f->listening = LOOP_FD_EMPTY;
    for (int i = 0; i < LINKS; i++)
        f->links[i] = LOOP_FD_EMPTY;
    loop_fd_start(f->loop, &f->listening, f->listener, LOOP_READ, on_accept, f);
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;
    curl_loop_free(f->curl);
    loop_fd_stop(&f->listening);
    for (int i = 0; i < f->accepted; i++) {
        loop_fd_stop(&f->links[i]);
        close(f->fds[i]);
    }
    close(f->listener);
    loop_free(f->loop);
    free(f);
    return 0;
}

/* ---- the client ------------------------------------------------------------------------------ */

static size_t on_answer(char *bytes, size_t size, size_t count, void *user)
{
    struct transfer *transfer = user;
    size_t length = size * count;
    assert_true(transfer->length + length < sizeof transfer->answer);
    memcpy(transfer->answer + transfer->length, bytes, length);
    transfer->length += length;
    return length;
}

static void on_done(void *user, CURLcode result)
{
    struct transfer *transfer = user;
    transfer->ended++;
    transfer->result = result;
}

static void ask(struct fixture *f, struct transfer *transfer, const char *host, int port)
{
    char url[100];
    *transfer = (struct transfer){.call = {.done = on_done, .user = transfer}};
    transfer->call.easy = curl_easy_init();
    snprintf(url, sizeof url, "http://%s:%d/", host, port);
    curl_call_prepare(&transfer->call, "", 20 * CLOCK_S);
    curl_easy_setopt(transfer->call.easy, CURLOPT_URL, url);
    curl_easy_setopt(transfer->call.easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(transfer->call.easy, CURLOPT_WRITEDATA, transfer);
    assert_int_equal(curl_call_start(f->curl, &transfer->call, host, port), 0);
    assert_int_equal(transfer->ended, 0);
}

static void forget(struct transfer *transfer)
{
    curl_call_cancel(&transfer->call);
    curl_easy_cleanup(transfer->call.easy);
}

static void wait_for(struct fixture *f, const struct transfer *transfer)
{
    while (!transfer->ended)
        loop_poll(f->loop);
    assert_int_equal(transfer->ended, 1);
}

static void one_after_the_other_share_a_connection(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 3; i++) {
        struct transfer transfer;
        ask(f, &transfer, "127.0.0.1", f->port);
        wait_for(f, &transfer);
        assert_int_equal(transfer.result, CURLE_OK);
        assert_string_equal(transfer.answer, "hello");
        forget(&transfer);
    }
    assert_int_equal(f->accepted, 1);
    assert_int_equal(f->asked, 3);
}

static void a_name_is_found_without_libcurl_looking(void **state)
{
    struct fixture *f = *state;
    struct transfer transfer;
    ask(f, &transfer, "localhost", f->port);
    wait_for(f, &transfer);
    assert_int_equal(transfer.result, CURLE_OK);
    assert_string_equal(transfer.answer, "hello");
    forget(&transfer);
}

static void several_run_side_by_side_and_may_be_cancelled(void **state)
{
    struct fixture *f = *state;
    struct transfer transfers[4];
    f->mute = true;
    for (int i = 0; i < 4; i++)
        ask(f, &transfers[i], "127.0.0.1", f->port);
    curl_call_cancel(&transfers[0].call); /* before its first step */
    while (f->asked < 3)
        loop_poll(f->loop);
    curl_call_cancel(&transfers[1].call); /* while it waits for an answer */
    for (int i = 0; i < 20; i++)
        loop_poll(f->loop);
    f->mute = false;
    for (int i = 0; i < f->accepted; i++)
        send(f->fds[i], "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 43, MSG_NOSIGNAL);
    wait_for(f, &transfers[2]);
    wait_for(f, &transfers[3]);
    assert_int_equal(transfers[0].ended + transfers[1].ended, 0);
    for (int i = 0; i < 4; i++)
        forget(&transfers[i]);
}

static void what_cannot_be_is_said_in_words(void **state)
{
    struct fixture *f = *state;
    struct transfer transfer;
    int nobody = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(nobody, (struct sockaddr *)&address, size), 0); /* and does not listen */
    assert_int_equal(getsockname(nobody, (struct sockaddr *)&address, &size), 0);
    ask(f, &transfer, "127.0.0.1", ntohs(address.sin_port));
    wait_for(f, &transfer);
    assert_int_equal(transfer.result, CURLE_COULDNT_CONNECT);
    assert_non_null(strstr(transfer.call.error, "127.0.0.1"));
    forget(&transfer);
    close(nobody);
    ask(f, &transfer, "no..name", 80);
    wait_for(f, &transfer);
    assert_int_equal(transfer.result, CURLE_COULDNT_RESOLVE_HOST);
    assert_non_null(strstr(transfer.call.error, "no..name"));
    forget(&transfer);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_after_the_other_share_a_connection),
        TEST(a_name_is_found_without_libcurl_looking),
        TEST(several_run_side_by_side_and_may_be_cancelled),
        TEST(what_cannot_be_is_said_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
