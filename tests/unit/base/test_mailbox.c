#include "test.h"

#include <poll.h>

#include "base/mailbox.h"
#include "base/worker.h"

struct letter {
    struct mailbox_block block;
    int number;
};

static bool is_readable(const struct mailbox *mailbox)
{
    struct pollfd wait = {.fd = mailbox_fd(mailbox), .events = POLLIN};
    return poll(&wait, 1, 0) == 1;
}

static int take_number(struct mailbox *mailbox, clock_us wait)
{
    struct letter *letter = (struct letter *)mailbox_take(mailbox, wait);
    return letter ? letter->number : -1;
}

static void blocks_come_out_in_order(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_new(8, 1000);
    struct letter letters[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    assert_false(is_readable(mailbox));
    for (int i = 0; i < 3; i++)
        assert_true(mailbox_give(mailbox, &letters[i].block));
    for (int i = 0; i < 3; i++) {
        assert_true(is_readable(mailbox));
        assert_int_equal(take_number(mailbox, 0), i + 1);
    }
    assert_false(is_readable(mailbox));
    assert_int_equal(take_number(mailbox, 0), -1);
    mailbox_free(mailbox);
}

static void bounds_hold(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_new(2, 100);
    struct letter a = {.block.weight = 60}, b = {.block.weight = 41}, c = {.block.weight = 40},
                  d = {0};
    assert_true(mailbox_give(mailbox, &a.block));
    assert_false(mailbox_give(mailbox, &b.block)); /* too heavy */
    assert_true(mailbox_give(mailbox, &c.block));
    assert_false(mailbox_give(mailbox, &d.block)); /* too many */
    mailbox_take(mailbox, 0);
    mailbox_take(mailbox, 0);
    struct letter huge = {.block.weight = 1000};
    assert_true(mailbox_give(mailbox, &huge.block)); /* alone, anything fits */
    assert_false(mailbox_give(mailbox, &d.block));
    mailbox_take(mailbox, 0);
    mailbox_free(mailbox);
}

static void a_closed_mailbox_can_be_emptied(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_new(2, 100);
    struct letter a = {.number = 7}, b = {0};
    mailbox_give(mailbox, &a.block);
    mailbox_close(mailbox);
    assert_false(mailbox_give(mailbox, &b.block));
    assert_int_equal(take_number(mailbox, CLOCK_NEVER), 7);
    assert_int_equal(take_number(mailbox, CLOCK_NEVER), -1);
    assert_true(mailbox_pause(mailbox, CLOCK_NEVER));
    mailbox_free(mailbox);
}

static void waiting_ends_by_time(void **state)
{
    (void)state;
    struct mailbox *mailbox = mailbox_new(2, 100);
    struct clock clock = clock_system();
    clock_us begin = clock_mono(&clock);
    assert_int_equal(take_number(mailbox, 20 * CLOCK_MS), -1);
    assert_false(mailbox_pause(mailbox, 20 * CLOCK_MS));
    assert_true(clock_mono(&clock) - begin >= 39 * CLOCK_MS);
    mailbox_free(mailbox);
}

struct echo {
    struct mailbox *in, *out;
};

static void echo_run(void *user)
{
    struct echo *echo = user;
    struct mailbox_block *block;
    while ((block = mailbox_take(echo->in, CLOCK_NEVER)))
        while (!mailbox_give(echo->out, block))
            mailbox_pause(echo->out, CLOCK_MS);
}

enum { LETTERS = 20000 };

static void a_worker_gets_all_in_order(void **state)
{
    (void)state;
    struct echo echo = {mailbox_new(16, 1000), mailbox_new(16, 1000)};
    struct worker *worker = worker_start("a-name-that-is-too-long", echo_run, &echo);
    assert_non_null(worker);
    struct letter *letters = calloc(LETTERS, sizeof *letters);
    int sent = 0, got = 0;
    while (got < LETTERS) {
        if (sent < LETTERS)
            letters[sent].number = sent;
        if (sent < LETTERS && mailbox_give(echo.in, &letters[sent].block))
            sent++;
        int number = take_number(echo.out, 0);
        if (number >= 0)
            assert_int_equal(number, got++);
    }
    mailbox_close(echo.in);
    assert_null(worker_join(worker));
    mailbox_free(echo.in);
    mailbox_free(echo.out);
    free(letters);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_out_in_order),        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(a_closed_mailbox_can_be_emptied), cmocka_unit_test(waiting_ends_by_time),
        cmocka_unit_test(a_worker_gets_all_in_order),
    };
    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
