#include "field/serial_ports.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORTS_MOST 64

struct ports {
    const char *root;
    void (*fn)(void *user, const char *path, const char *device);
    void *user;
    char told[PORTS_MOST][NAME_MAX + 1]; /* names in /dev that have a lasting name */
    int count;
};

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Kinds of ports that equipment hangs on. */
static int is_port(const struct dirent *entry)
{
    static const char *const kinds[] = {"ttyUSB", "ttyACM", "ttyS",  "ttyAMA",
                                        "ttyO",   "ttymxc", "ttySC", "ttyXRUSB"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t length = strlen(kinds[i]);
        if (strncmp(entry->d_name, kinds[i], length) == 0 && entry->d_name[length] >= '0' &&
            entry->d_name[length] <= '9')
            return 1;
    }
    return 0;
}

/* Linux makes ttyS0 to ttyS3 and more for chips that are not there: their type is 0. */
static bool is_there(const struct ports *ports, const char *name)
{
    char path[PATH_MAX], type[8] = "";
    if (strncmp(name, "ttyS", 4) != 0 || name[4] == 'C')
        return true;
    if (snprintf(path, sizeof path, "%s/sys/class/tty/%s/type", ports->root, name) >=
        (int)sizeof path)
        return false;
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    bool there = fgets(type, sizeof type, file) && strcmp(type, "0\n") != 0;
    fclose(file);
    return there;
}

static void tell_lasting(struct ports *ports, const char *name)
{
    char path[PATH_MAX], target[PATH_MAX];
    size_t skip = strlen(ports->root);
    if (snprintf(path, sizeof path, "%s/dev/serial/by-id/%s", ports->root, name) >=
            (int)sizeof path ||
        !realpath(path, target))
        return;
    const char *base = strrchr(target, '/') + 1;
    if (ports->count < PORTS_MOST && strlen(base) <= NAME_MAX)
        strcpy(ports->told[ports->count++], base);
    char device[NAME_MAX + 8];
    snprintf(device, sizeof device, "/dev/%.*s", NAME_MAX, base);
    ports->fn(ports->user, path + skip, device);
}

static void tell_plain(struct ports *ports, const char *name)
{
    char path[NAME_MAX + 8];
    for (int i = 0; i < ports->count; i++) {
        if (strcmp(ports->told[i], name) == 0)
            return;
    }
    if (!is_there(ports, name))
        return;
    snprintf(path, sizeof path, "/dev/%s", name);
    ports->fn(ports->user, path, path);
}

static void each_name(struct ports *ports, const char *folder,
                      int (*wanted)(const struct dirent *entry),
                      void (*tell)(struct ports *ports, const char *name))
{
    char path[PATH_MAX];
    struct dirent **list = NULL;
    if (snprintf(path, sizeof path, "%s%s", ports->root, folder) >= (int)sizeof path)
        return;
    int count = scandir(path, &list, wanted, alphasort);
    for (int i = 0; i < count; i++) {
        tell(ports, list[i]->d_name);
        free(list[i]);
    }
    free(list); /* a folder that is missing has no ports */
}

void serial_ports_each(const char *root,
                       void (*fn)(void *user, const char *path, const char *device), void *user)
{
    struct ports *ports = calloc(1, sizeof *ports);
    if (!ports)
        return;
    ports->root = root;
    ports->fn = fn;
    ports->user = user;
    each_name(ports, "/dev/serial/by-id", not_hidden, tell_lasting);
    each_name(ports, "/dev", is_port, tell_plain);
    free(ports);
}
