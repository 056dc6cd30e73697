/* slow_disk - loaded before libc, makes fsync slow or failing for files below one folder.
 *
 * The file named by SLOW_DISK holds "FOLDER SECONDS", or "FOLDER fail" for an I/O error after the
 * work was done, as a disk reports it; empty: an ordinary disk. Built by test_slow_disk.py.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Words of the control file that concern this descriptor: the seconds, -1 to fail, 0 for neither.
 */
static double wish(int fd)
{
    char text[600] = "", folder[512] = "", what[32] = "", link[64], path[512] = "";
    const char *control = getenv("SLOW_DISK");
    int file = control ? open(control, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0 || sscanf(text, "%511s %31s", folder, what) != 2)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) < 0 || strncmp(path, folder, strlen(folder)) != 0)
        return 0;
    return strcmp(what, "fail") == 0 ? -1 : strtod(what, NULL);
}

static int sync_with(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    double seconds = wish(fd);
    if (seconds > 0)
        usleep((useconds_t)(seconds * 1e6));
    int result = real(fd);
    if (seconds < 0) {
        errno = EIO;
        return -1;
    }
    return result;
}

int fsync(int fd)
{
    return sync_with("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_with("fdatasync", fd);
}
