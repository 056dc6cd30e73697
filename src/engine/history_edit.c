#include "engine/history_edit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/history_store.h"
#include "engine/history_writer.h"

struct clearing {
    void (*done)(void *user, int result, const struct err *err);
    void *user;
    size_t count;
    uint32_t numbers[];
};

static bool is_meant(const char *path, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(path, names[i], length) == 0 && (path[length] == '\0' || path[length] == '/'))
            return true;
    }
    return count == 0;
}

static int clear(struct history_store *store, void *user, struct err *err)
{
    const struct clearing *clearing = user;
    return history_store_clear(store, clearing->numbers, clearing->count, err);
}

static void on_done(void *user, int result, const struct err *err)
{
    struct clearing *clearing = user;
    if (result < 0)
        log_error("history", "the history could not be cleared: %s", err->text);
    clearing->done(clearing->user, result, err);
    free(clearing);
}

int history_edit_clear(struct history_writer *writer, const struct history_series_list *series,
                       const char *const *paths, size_t count,
                       void (*done)(void *user, int result, const struct err *err), void *user,
                       struct err *err)
{
    struct clearing *clearing =
        malloc(sizeof *clearing + series->count * sizeof clearing->numbers[0]);
    if (!clearing)
        return err_set(err, -ENOMEM, "there is no memory for this just now");
    *clearing = (struct clearing){.done = done, .user = user};
    for (size_t i = 0; i < series->count; i++) {
        if (is_meant(series->list[i].path, paths, count))
            clearing->numbers[clearing->count++] = series->list[i].number;
    }
    int result = clearing->count ? history_writer_call(writer, clear, on_done, clearing) : -ENOENT;
    if (result == -ENOENT)
        err_set(err, result, "nothing has been recorded there");
    else if (result < 0)
        err_set(err, result, "the history is busy with other work; try again in a moment");
    if (result < 0)
        free(clearing);
    return result;
}
