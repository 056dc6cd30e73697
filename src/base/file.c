#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, size_t most, struct buf *into)
{
    size_t total = 0;
    for (;;) {
        char *to = buf_reserve(into, 16384);
        if (!to)
            return -ENOMEM;
        ssize_t got = read(fd, to, 16384);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return 0;
        into->length += (size_t)got;
        total += (size_t)got;
        if (total > most)
            return -EFBIG;
    }
}

int file_read(const char *path, size_t most, struct buf *into, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, -errno, "cannot open %s", path);
    int result = read_all(fd, most, into);
    close(fd);
    if (result == -EFBIG)
        return err_set(err, result, "%s is longer than %zu bytes", path, most);
    return result < 0 ? err_set_errno(err, result, "cannot read %s", path) : 0;
}

void file_read_line(const char *path, char *text, size_t size)
{
    struct buf content = BUF_EMPTY;
    if (file_read(path, 4096, &content, NULL) < 0)
        buf_clear(&content);
    snprintf(text, size, "%s", buf_text(&content));
    text[strcspn(text, "\n")] = '\0';
    buf_deinit(&content);
}

static int write_all(int fd, const char *bytes, size_t length)
{
    while (length) {
        ssize_t done = write(fd, bytes, length);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -errno;
        bytes += done;
        length -= (size_t)done;
    }
    return 0;
}

/* The rename is durable only when the folder is synced too. */
int file_sync_folder_of(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int result = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return result;
}

static int write_new(const char *path, const void *bytes, size_t length, mode_t mode)
{
    /* What a crash left behind may have another mode: never write into it. */
    if (unlink(path) < 0 && errno != ENOENT)
        return -errno;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -errno;
    int result = write_all(fd, bytes, length);
    if (result == 0 && fsync(fd) < 0)
        result = -errno;
    if (close(fd) < 0 && result == 0)
        result = -errno;
    return result;
}

/* Whoever is told "not written" must find the old content after a restart too: it is kept under
 * another name until the new one is durable. */
static int put_in_place(const char *fresh, const char *path, const char *kept)
{
    if (unlink(kept) < 0 && errno != ENOENT)
        return -errno;
    bool replaces = link(path, kept) == 0, makes = !replaces && errno == ENOENT;
    if (rename(fresh, path) < 0) {
        int result = -errno;
        unlink(kept);
        return result;
    }
    int result = file_sync_folder_of(path);
    if (result == 0)
        unlink(kept);
    else if (makes)
        unlink(path);
    else if (replaces) /* a file system without links cannot have it back */
        rename(kept, path);
    return result;
}

int file_replace(const char *path, const void *bytes, size_t length, mode_t mode, struct err *err)
{
    char fresh[PATH_MAX], kept[PATH_MAX];
    if ((size_t)snprintf(fresh, sizeof fresh, "%s.new", path) >= sizeof fresh)
        return err_set(err, -ENAMETOOLONG, "the path %.100s... is too long", path);
    snprintf(kept, sizeof kept, "%s.old", path);
    int result = write_new(fresh, bytes, length, mode);
    if (result == 0)
        result = put_in_place(fresh, path, kept);
    if (result < 0)
        unlink(fresh);
    return result < 0 ? err_set_errno(err, result, "cannot write %s", path) : 0;
}

int file_make_folder(const char *path, mode_t mode, struct err *err)
{
    char part[PATH_MAX];
    if ((size_t)snprintf(part, sizeof part, "%s", path) >= sizeof part)
        return err_set(err, -ENAMETOOLONG, "the path %.100s... is too long", path);
    for (char *slash = part + 1;; slash++) {
        if (*slash != '/' && *slash != '\0')
            continue;
        char kept = *slash;
        *slash = '\0';
        if (mkdir(part, mode) < 0 && errno != EEXIST)
            return err_set_errno(err, -errno, "cannot make the folder %s", part);
        *slash = kept;
        if (!kept)
            break;
    }
    struct stat about;
    if (stat(path, &about) < 0 || !S_ISDIR(about.st_mode))
        return err_set(err, -ENOTDIR, "%s is not a folder", path);
    return 0;
}
