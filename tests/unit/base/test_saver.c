#include "base/saver.h"

#include <errno.h>
#include <unistd.h>

#include "test.h"
#include "test_folder.h"

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct saver *saver;
    char folder[200], path[240];
    int order;
};

struct asked {
    struct fixture *f;
    int place; /* 0: not answered yet */
    struct err err;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->clock = clock_fake(1790000000LL * CLOCK_S);
    f->loop = loop_new(&f->clock);
    f->saver = saver_new(f->loop);
    test_folder(f->folder, sizeof f->folder);
    snprintf(f->path, sizeof f->path, "%s/file", f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    saver_free(f->saver);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

static void on_done(void *user, const struct err *err)
{
    struct asked *asked = user;
    assert_int_equal(asked->place, 0);
    asked->place = ++asked->f->order;
    asked->err = *err;
}

static void ask(struct fixture *f, struct asked *asked, const char *path, const char *text)
{
    struct buf content = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    *asked = (struct asked){.f = f};
    buf_add_text(&content, text);
    assert_int_equal(saver_write(f->saver, path, 0600, &content, on_done, asked, &err), 0);
    assert_null(content.data);
    assert_int_equal(asked->place, 0); /* never from inside the call */
}

/* The pool works in real time. */
static void wait_idle(struct fixture *f)
{
    for (int i = 0; i < 20000 && saver_busy(f->saver); i++) {
        loop_poll(f->loop);
        usleep(500);
    }
    assert_false(saver_busy(f->saver));
}

static void assert_content(const char *path, const char *wanted)
{
    char *text = test_read_file(path);
    assert_non_null(text);
    assert_string_equal(text, wanted);
    free(text);
}

static void test_in_order(void **state)
{
    struct fixture *f = *state;
    struct asked asked[20];
    for (int i = 0; i < 20; i++) {
        char text[16];
        snprintf(text, sizeof text, "content %d", i);
        ask(f, &asked[i], f->path, text);
    }
    assert_true(saver_busy(f->saver));
    wait_idle(f);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(asked[i].place, i + 1);
        assert_int_equal(asked[i].err.code, 0);
    }
    assert_content(f->path, "content 19");
}

/* One that fails is told, and does not hold up those behind it. */
static void test_failure(void **state)
{
    struct fixture *f = *state;
    struct asked bad, good;
    ask(f, &bad, "/nowhere/at/all", "x");
    ask(f, &good, f->path, "y");
    wait_idle(f);
    assert_int_equal(bad.err.code, -ENOENT);
    assert_string_equal(bad.err.text, "cannot write /nowhere/at/all: No such file or directory");
    assert_int_equal(good.err.code, 0);
    assert_content(f->path, "y");
}

static void test_content_without_memory(void **state)
{
    struct fixture *f = *state;
    struct buf content = {.limit = 3};
    struct err err = ERR_EMPTY;
    buf_add_text(&content, "more than three");
    assert_true(content.failed);
    assert_int_equal(saver_write(f->saver, f->path, 0600, &content, on_done, NULL, &err), -ENOMEM);
    assert_false(saver_busy(f->saver));
    assert_int_equal(access(f->path, F_OK), -1);
}

/* Whoever goes away is not called; what it asked for is written all the same. */
static void test_forget(void **state)
{
    struct fixture *f = *state;
    struct asked asked, other;
    char second[300];
    snprintf(second, sizeof second, "%s/second", f->folder);
    ask(f, &asked, f->path, "x");
    ask(f, &other, second, "y");
    saver_forget(f->saver, &asked);
    wait_idle(f);
    assert_int_equal(asked.place, 0);
    assert_int_equal(other.place, 1);
    assert_content(f->path, "x");
}

/* Freed in the middle: the write under way comes to its end, the others never begin. */
static void test_free_under_way(void **state)
{
    struct fixture *f = *state;
    struct asked first, second;
    char other[300];
    snprintf(other, sizeof other, "%s/second", f->folder);
    ask(f, &first, f->path, "x");
    ask(f, &second, other, "y");
    f->saver = saver_free(f->saver);
    loop_free(f->loop); /* waits for the pool */
    f->loop = loop_new(&f->clock);
    assert_int_equal(first.place + second.place, 0);
    assert_content(f->path, "x");
    assert_int_equal(access(other, F_OK), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_in_order), TEST(test_failure),        TEST(test_content_without_memory),
        TEST(test_forget),   TEST(test_free_under_way),
    };
    return cmocka_run_group_tests_name("base/saver", tests, NULL, NULL);
}
