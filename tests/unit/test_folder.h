/* test_folder - a folder of its own for a test that needs files. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* More than any test that asks for memory puts there, with several of them at once. */
#define TEST_FOLDER_MEMORY (512u << 20)

/* A new folder below TMPDIR or /tmp; test_folder_remove takes it away with all in it. */
static inline void test_folder(char *path, size_t size)
{
    const char *base = getenv("TMPDIR");
    snprintf(path, size, "%s/busbar-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path))
        abort();
}

/* The same in memory where the machine has room for it there, which is many times quicker: for
 * tests whose subject is not the disk. */
static inline void test_folder_in_memory(char *path, size_t size)
{
    static const char shared[] = "/dev/shm";
    struct statvfs facts;
    if (access(shared, W_OK) == 0 && statvfs(shared, &facts) == 0 &&
        (unsigned long long)facts.f_bavail * facts.f_frsize >= TEST_FOLDER_MEMORY) {
        snprintf(path, size, "%s/busbar-test-XXXXXX", shared);
        if (mkdtemp(path))
            return;
    }
    test_folder(path, size);
}

static inline void test_folder_remove(const char *path)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf -- '%s'", path);
    if (system(command) != 0)
        abort();
}

static inline void test_write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file || fwrite(text, 1, strlen(text), file) != strlen(text) || fclose(file) != 0)
        abort();
}

/* The whole file as text, for free(); NULL when it is not there. */
static inline char *test_read_file(const char *path)
{
    enum { MOST = 1 << 20 };
    FILE *file = fopen(path, "r");
    if (!file)
        return NULL;
    char *text = calloc(1, MOST);
    if (!text || fread(text, 1, MOST, file) == MOST)
        abort();
    fclose(file);
    return text;
}
