#include "base/file.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "test_folder.h"

static char folder[200], path[220], fresh[240];

static int set_up(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/state.json", folder);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void assert_content(const char *name, const char *wanted)
{
    struct buf buf = BUF_EMPTY;
    assert_int_equal(file_read(name, 1 << 20, &buf, NULL), 0);
    assert_string_equal(buf_text(&buf), wanted);
    buf_deinit(&buf);
}

static mode_t mode_of(const char *name)
{
    struct stat about;
    assert_int_equal(stat(name, &about), 0);
    return about.st_mode & 0777;
}

static void test_read(void **state)
{
    (void)state;
    struct buf buf = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    char wanted[400];
    assert_int_equal(file_read(path, 100, &buf, &err), -ENOENT);
    snprintf(wanted, sizeof wanted, "cannot open %s: No such file or directory", path);
    assert_string_equal(err.text, wanted);
    assert_int_equal(file_read(folder, 100, &buf, &err), -EISDIR);
    test_write_file(path, "0123456789");
    assert_int_equal(file_read(path, 10, &buf, &err), 0);
    assert_int_equal(file_read(path, 10, &buf, &err), 0); /* appends */
    assert_string_equal(buf_text(&buf), "01234567890123456789");
    assert_int_equal(file_read(path, 9, &buf, &err), -EFBIG);
    snprintf(wanted, sizeof wanted, "%s is longer than 9 bytes", path);
    assert_string_equal(err.text, wanted);
    buf_deinit(&buf);
}

static void test_read_line(void **state)
{
    (void)state;
    char text[6];
    file_read_line(path, text, sizeof text);
    assert_string_equal(text, ""); /* there is none */
    test_write_file(path, "ab\ncd\n");
    file_read_line(path, text, sizeof text);
    assert_string_equal(text, "ab");
    test_write_file(path, "abcdefgh\n");
    file_read_line(path, text, sizeof text);
    assert_string_equal(text, "abcde");
}

static void test_read_long(void **state)
{
    (void)state;
    static char text[100001];
    memset(text, 'x', sizeof text - 1);
    test_write_file(path, text);
    assert_content(path, text);
}

static void test_replace(void **state)
{
    (void)state;
    assert_int_equal(file_replace(path, "one", 3, 0600, NULL), 0);
    assert_content(path, "one");
    assert_int_equal(mode_of(path), 0600);
    assert_int_equal(file_replace(path, "second", 6, 0600, NULL), 0);
    assert_content(path, "second");
    assert_int_equal(access(fresh, F_OK), -1);
}

/* A secret must not inherit the mode of what a crash left behind, nor follow a link. */
static void test_replace_over_remains(void **state)
{
    (void)state;
    char other[260];
    test_write_file(fresh, "half of a fi");
    chmod(fresh, 0666);
    assert_int_equal(file_replace(path, "secret", 6, 0600, NULL), 0);
    assert_content(path, "secret");
    assert_int_equal(mode_of(path), 0600);
    snprintf(other, sizeof other, "%s/other", folder);
    test_write_file(other, "untouched");
    assert_int_equal(symlink(other, fresh), 0);
    assert_int_equal(file_replace(path, "third", 5, 0600, NULL), 0);
    assert_content(path, "third");
    assert_content(other, "untouched");
}

/* Whatever step fails, the old content stays whole and nothing is left over. */
static void test_replace_failing(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    char wanted[400];
    /* rename fails: the target is a folder with something in it */
    assert_int_equal(mkdir(path, 0700), 0);
    char inside[300];
    snprintf(inside, sizeof inside, "%s/inside", path);
    test_write_file(inside, "old");
    assert_true(file_replace(path, "new", 3, 0600, &err) < 0);
    assert_content(inside, "old");
    assert_int_equal(access(fresh, F_OK), -1);
    snprintf(wanted, sizeof wanted, "cannot write %s: ", path);
    assert_memory_equal(err.text, wanted, strlen(wanted));
    /* the folder is not there */
    snprintf(inside, sizeof inside, "%s/nowhere/file", folder);
    assert_int_equal(file_replace(inside, "new", 3, 0600, &err), -ENOENT);
    char endless[5000];
    memset(endless, 'a', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_int_equal(file_replace(endless, "new", 3, 0600, &err), -ENAMETOOLONG);
}

/* A disk that is full after the first bytes, played by the limit for the size of files. */
static void test_replace_on_a_full_disk(void **state)
{
    (void)state;
    struct rlimit before, small;
    assert_int_equal(file_replace(path, "old", 3, 0600, NULL), 0);
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){.rlim_cur = 4, .rlim_max = before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    int result = file_replace(path, "new and longer", 14, 0600, NULL);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(result, -EFBIG);
    assert_content(path, "old");
    assert_int_equal(access(fresh, F_OK), -1);
}

/* A disk that fails the nth sync; the one of the file is the first, that of the folder the second.
 */
static int sync_calls, sync_fails;

int fsync(int fd)
{
    if (++sync_calls == sync_fails) {
        errno = EIO;
        return -1;
    }
    return fdatasync(fd);
}

/* Who was told that nothing was written must not find it written after the next start. */
static void test_replace_on_a_failing_disk(void **state)
{
    (void)state;
    char kept[300];
    snprintf(kept, sizeof kept, "%s.old", path);
    for (sync_fails = 1; sync_fails <= 2; sync_fails++) {
        sync_calls = 0;
        assert_int_equal(file_replace(path, "new", 3, 0600, NULL), -EIO);
        assert_int_equal(access(path, F_OK), -1);
    }
    sync_fails = 0;
    assert_int_equal(file_replace(path, "old", 3, 0600, NULL), 0);
    for (sync_fails = 1; sync_fails <= 2; sync_fails++) {
        sync_calls = 0;
        assert_int_equal(file_replace(path, "new", 3, 0600, NULL), -EIO);
        assert_content(path, "old");
        assert_int_equal(access(fresh, F_OK), -1);
        assert_int_equal(access(kept, F_OK), -1);
    }
    sync_fails = 0;
    assert_int_equal(file_replace(path, "new", 3, 0600, NULL), 0);
    assert_content(path, "new");
    assert_int_equal(access(kept, F_OK), -1);
}

/* A crash between writing and renaming: the next start sees the old content, the next replacement
 * works. */
static void test_crash_before_rename(void **state)
{
    (void)state;
    assert_int_equal(file_replace(path, "old", 3, 0600, NULL), 0);
    test_write_file(fresh, "ne");
    assert_content(path, "old");
    assert_int_equal(file_replace(path, "newer", 5, 0600, NULL), 0);
    assert_content(path, "newer");
}

static void test_make_folder(void **state)
{
    (void)state;
    char deep[400], blocked[400];
    struct err err = ERR_EMPTY;
    snprintf(deep, sizeof deep, "%s/a/b/c", folder);
    assert_int_equal(file_make_folder(deep, 0700, &err), 0);
    assert_int_equal(mode_of(deep), 0700);
    assert_int_equal(file_make_folder(deep, 0700, &err), 0);
    test_write_file(path, "a file");
    assert_int_equal(file_make_folder(path, 0700, &err), -ENOTDIR);
    snprintf(blocked, sizeof blocked, "%s/below", path);
    assert_int_equal(file_make_folder(blocked, 0700, &err), -ENOTDIR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_read),
        TEST(test_read_line),
        TEST(test_read_long),
        TEST(test_replace),
        TEST(test_replace_over_remains),
        TEST(test_replace_failing),
        TEST(test_replace_on_a_full_disk),
        TEST(test_replace_on_a_failing_disk),
        TEST(test_crash_before_rename),
        TEST(test_make_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
