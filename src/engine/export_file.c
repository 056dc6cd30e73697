#include "engine/export_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/export_folder.h"

#define PATH_SIZE 4096

struct export_file {
    char *folder;
    struct export_name name; /* of the part that is written or comes next */
    struct history_csv_options options;
    struct export_place place;
    struct history_csv csv;
    struct history_csv_place *places;
    FILE *part; /* NULL: none is open */
    size_t bytes;
    struct buf row;
};

struct export_file *export_file_new(const char *folder, const struct export_name *name,
                                    const struct history_csv_options *options)
{
    struct export_file *file = calloc(1, sizeof *file);
    if (!file)
        return NULL;
    file->name = *name;
    file->options = *options;
    file->place = (struct export_place){.part = name->part, .begin = options->from};
    file->folder = strdup(folder);
    return file->folder ? file : export_file_free(file);
}

static void paths(const struct export_file *file, char *unfinished, char *path)
{
    char name[EXPORT_NAME_SIZE];
    export_name_format(&file->name, name);
    snprintf(path, PATH_SIZE, "%s/%s", file->folder, name);
    snprintf(unfinished, PATH_SIZE, "%s/" EXPORT_UNFINISHED "%s", file->folder, name);
}

struct export_file *export_file_free(struct export_file *file)
{
    if (!file)
        return NULL;
    if (file->part) {
        char unfinished[PATH_SIZE], path[PATH_SIZE];
        paths(file, unfinished, path);
        fclose(file->part);
        unlink(unfinished);
    }
    buf_deinit(&file->row);
    free(file->places);
    free(file->folder);
    free(file);
    return NULL;
}

struct export_place export_file_place(const struct export_file *file)
{
    return file->place;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static int put(struct export_file *file, struct err *err)
{
    if (file->row.failed)
        return err_set(err, -ENOMEM, "no memory for a row of %s", file->name.device);
    if (fwrite(file->row.data, 1, file->row.length, file->part) != file->row.length)
        return err_set_errno(err, -errno, "cannot write to the folder %s", file->folder);
    file->bytes += file->row.length;
    return 0;
}

static int open_part(struct export_file *file, clock_us begin, struct err *err)
{
    char unfinished[PATH_SIZE], path[PATH_SIZE];
    paths(file, unfinished, path);
    unlink(unfinished);
    /* readable for the group, which the FTP server's user shares */
    int fd = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    file->part = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file->part) {
        int result = err_set_errno(err, -errno, "cannot make %s", unfinished);
        if (fd >= 0)
            close(fd);
        return result;
    }
    file->bytes = 0;
    file->place = (struct export_place){.part = file->name.part, .begin = begin};
    /* asked for next to nothing, it writes the header alone */
    buf_clear(&file->row);
    file->csv.header_written = false;
    history_csv_write(&file->csv, &file->row, 1);
    return put(file, err);
}

static int close_part(struct export_file *file, struct err *err)
{
    char unfinished[PATH_SIZE], path[PATH_SIZE];
    paths(file, unfinished, path);
    int result = fflush(file->part) == 0 && fsync(fileno(file->part)) == 0 ? 0 : -errno;
    if (fclose(file->part) != 0 && result == 0)
        result = -errno;
    file->part = NULL;
    if (result == 0 && rename(unfinished, path) < 0)
        result = -errno;
    if (result < 0) {
        unlink(unfinished);
        return err_set_errno(err, result, "cannot write %s", path);
    }
    file->name.part++;
    return 0;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* The row in `file->row` that begins at `time`. */
static int put_row(struct export_file *file, clock_us time, struct err *err)
{
    if (file->part && file->bytes + file->row.length <= EXPORT_PART_MOST)
        return put(file, err);
    if (file->part && close_part(file, err) < 0)
        return err->code;
    if (file->name.part > EXPORT_PARTS_MOST)
        return err_set(err, -EFBIG, "%s_%s has too many parts: choose a longer step",
                       file->name.device, file->name.date);
    struct buf row = file->row;
    file->row = BUF_EMPTY;
    int result = open_part(file, time, err);
    buf_deinit(&file->row);
    file->row = row;
    return result < 0 ? result : put(file, err);
}

static int begin(struct export_file *file, const struct history_series *series, size_t count,
                 struct err *err)
{
    if (file->places) {
        history_csv_continue(&file->csv, series);
        return 0;
    }
    file->places = calloc(count + 1, sizeof *file->places);
    if (!file->places)
        return err_set(err, -ENOMEM, "no memory for %zu columns", count);
    history_csv_begin(&file->csv, series, count, file->places, &file->options);
    return 0;
}

int export_file_write(struct export_file *file, const struct history_series *series, size_t count,
                      struct err *err)
{
    int result = begin(file, series, count, err);
    clock_us time;
    while (result == 0 && (time = history_csv_next(&file->csv)) != CLOCK_NEVER) {
        buf_clear(&file->row);
        file->csv.header_written = true; /* parts write theirs */
        history_csv_write(&file->csv, &file->row, 1);
        result = put_row(file, time, err);
    }
    return result;
}

/* ---- the end --------------------------------------------------------------------------------- */

static int sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int result = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    return result;
}

int export_file_finish(struct export_file *file, struct err *err)
{
    if (!file->part)
        return 0;
    int result = close_part(file, err);
    if (result < 0)
        return result;
    for (int gone = 0; gone == 0; file->name.part++) {
        char unfinished[PATH_SIZE], path[PATH_SIZE];
        paths(file, unfinished, path);
        gone = unlink(path);
    }
    result = sync_folder(file->folder);
    return result < 0 ? err_set_errno(err, result, "cannot sync the folder %s", file->folder) : 0;
}
