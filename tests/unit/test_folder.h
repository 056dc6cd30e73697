/* test_folder - a folder of its own for a test that needs files. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A new folder below TMPDIR or /tmp; test_folder_remove takes it away with all in it. */
static inline void test_folder(char *path, size_t size)
{
    const char *base = getenv("TMPDIR");
    snprintf(path, size, "%s/busbar-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path))
        abort();
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
