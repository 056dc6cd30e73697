#include "engine/export_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool add(struct export_list *list, size_t *capacity, const struct export_entry *entry)
{
    if (list->count == *capacity) {
        size_t more = *capacity ? *capacity * 2 : 64;
        struct export_entry *entries = realloc(list->entries, more * sizeof *entries);
        if (!entries)
            return false;
        list->entries = entries;
        *capacity = more;
    }
    list->entries[list->count++] = *entry;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct export_entry *one = a, *other = b;
    return export_name_compare(&one->name, &other->name);
}

static int list_open(DIR *dir, const char *folder, struct export_list *list, struct err *err)
{
    size_t capacity = 0;
    const struct dirent *found;
    while ((found = readdir(dir))) {
        struct export_entry entry;
        struct stat about;
        /* a file may go between readdir and here; a link is nothing of ours */
        if (!export_name_parse(found->d_name, &entry.name) ||
            fstatat(dirfd(dir), found->d_name, &about, AT_SYMLINK_NOFOLLOW) < 0 ||
            !S_ISREG(about.st_mode))
            continue;
        entry.bytes = (uint64_t)about.st_size;
        entry.modified_ns = about.st_mtim.tv_sec * 1000000000LL + about.st_mtim.tv_nsec;
        if (!add(list, &capacity, &entry))
            return err_set(err, -ENOMEM, "no memory to list the folder %s", folder);
    }
    if (list->count > 1)
        qsort(list->entries, list->count, sizeof *list->entries, compare);
    return 0;
}

int export_folder_list(const char *folder, struct export_list *list, struct err *err)
{
    DIR *dir = opendir(folder);
    if (!dir && errno == ENOENT)
        return 0;
    if (!dir)
        return err_set_errno(err, -errno, "cannot list the folder %s", folder);
    int result = list_open(dir, folder, list, err);
    closedir(dir);
    return result;
}

void export_list_deinit(struct export_list *list)
{
    free(list->entries);
    *list = EXPORT_LIST_EMPTY;
}

static int remove_entry(const char *folder, const struct export_entry *entry, struct err *err)
{
    char name[EXPORT_NAME_SIZE], path[4096];
    export_name_format(&entry->name, name);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (unlink(path) < 0 && errno != ENOENT)
        return err_set_errno(err, -errno, "cannot remove %s, the oldest file of a full folder",
                             path);
    return 0;
}

int export_folder_tidy(const char *folder, uint64_t quota, struct export_facts *facts,
                       struct err *err)
{
    *facts = (struct export_facts){0};
    struct export_list list = EXPORT_LIST_EMPTY;
    int result = export_folder_list(folder, &list, err);
    for (size_t i = 0; i < list.count; i++)
        facts->bytes += list.entries[i].bytes;
    size_t first = 0;
    for (; result == 0 && first < list.count && facts->bytes > quota; first++) {
        result = remove_entry(folder, &list.entries[first], err);
        facts->bytes -= list.entries[first].bytes;
    }
    facts->files = list.count - first;
    if (facts->files > 0) {
        memcpy(facts->oldest, list.entries[first].name.date, sizeof facts->oldest);
        memcpy(facts->newest, list.entries[list.count - 1].name.date, sizeof facts->newest);
    }
    export_list_deinit(&list);
    return result;
}

void export_folder_sweep(const char *folder)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return;
    const struct dirent *found;
    while ((found = readdir(dir))) {
        if (strncmp(found->d_name, EXPORT_UNFINISHED, strlen(EXPORT_UNFINISHED)) == 0)
            unlinkat(dirfd(dir), found->d_name, 0);
    }
    closedir(dir);
}
