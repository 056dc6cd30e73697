/* short_memory - loaded before libc, refuses memory while the file named by SHORT_MEMORY begins
 * with "1". Built by test_short_memory.py. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);

static const volatile char *control;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("SHORT_MEMORY");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *view = file >= 0 ? mmap(NULL, 1, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
    if (view != MAP_FAILED)
        control = view;
    if (file >= 0)
        close(file);
}

static int refused(void)
{
    if (!control || *control != '1')
        return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return refused() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    return refused() ? NULL : __libc_realloc(memory, size);
}
