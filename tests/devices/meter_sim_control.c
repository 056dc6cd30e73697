#include "meter_sim_control.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORDS_MAX = 6 };

struct words {
    const char *word[WORDS_MAX]; /* NULL behind the last */
    unsigned times;
};

/* What a command does to each unit that it names. */
typedef int unit_function(struct meter_sim_net *net, struct meter_sim_unit *unit,
                          const struct words *words);

int meter_sim_control_open(struct meter_sim_control *control, struct meter_sim_net *net,
                           const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *control = (struct meter_sim_control){
        .source = METER_SIM_SOURCE_CONTROL, .fd = -1, .path = path, .net = net};
    if (strlen(path) >= sizeof(address.sun_path)) {
        return -ENAMETOOLONG;
    }
    strcpy(address.sun_path, path);
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        return -errno;
    }
    control->fd = fd;
    return meter_sim_net_watch(net, fd, &control->source);
}

void meter_sim_control_close(struct meter_sim_control *control)
{
    if (control->fd >= 0) {
        close(control->fd);
        unlink(control->path);
        control->fd = -1;
    }
}

/* times=N may stand anywhere; the rest is by position. */
static void split(char *text, struct words *words)
{
    size_t count = 0;
    char *rest = text;
    *words = (struct words){0};
    for (char *word; (word = strsep(&rest, " \t\r\n")) != NULL;) {
        if (strncmp(word, "times=", 6) == 0) {
            words->times = (unsigned)strtoul(word + 6, NULL, 10);
        } else if (word[0] != '\0' && count < WORDS_MAX - 1) {
            words->word[count++] = word;
        }
    }
}

/* A new fault replaces the old one; the delay is independent of it and stays. */
static int set_fault(struct meter_sim_net *net, struct meter_sim_unit *unit,
                     const struct words *words)
{
    (void)net;
    enum meter_sim_fault_kind kind = METER_SIM_FAULT_NONE;
    int result = meter_sim_fault_find(words->word[0], &kind);
    if (result == 0) {
        unit->fault.kind = kind;
        unit->fault.argument = words->word[2] != NULL ? strtod(words->word[2], NULL) : -1;
        unit->fault.times = words->times;
    }
    return result;
}

static int set_delay(struct meter_sim_net *net, struct meter_sim_unit *unit,
                     const struct words *words)
{
    (void)net;
    if (words->word[2] == NULL) {
        return -EINVAL;
    }
    unit->fault.delay_ms = (unsigned)strtoul(words->word[2], NULL, 10);
    return 0;
}

/* Also for units that are not stopped: harmless, and tests need not know. */
static int go_on(struct meter_sim_net *net, struct meter_sim_unit *unit, const struct words *words)
{
    (void)words;
    if (unit->fault.kind == METER_SIM_FAULT_STOP) {
        unit->fault.kind = METER_SIM_FAULT_NONE;
    }
    meter_sim_net_release(net, unit);
    return 0;
}

static int clear(struct meter_sim_net *net, struct meter_sim_unit *unit, const struct words *words)
{
    unit->fault = (struct meter_sim_fault){.argument = -1};
    return go_on(net, unit, words);
}

static int set_pin(struct meter_sim_net *net, struct meter_sim_unit *unit,
                   const struct words *words)
{
    (void)net;
    if (words->word[2] == NULL || words->word[3] == NULL) {
        return -EINVAL;
    }
    return meter_sim_unit_pin(unit, words->word[2], strtod(words->word[3], NULL));
}

static int unset_pin(struct meter_sim_net *net, struct meter_sim_unit *unit,
                     const struct words *words)
{
    (void)net;
    return meter_sim_unit_unpin(unit, words->word[2]);
}

static int write_setting(struct meter_sim_net *net, struct meter_sim_unit *unit,
                         const struct words *words)
{
    (void)net;
    if (words->word[2] == NULL || words->word[3] == NULL) {
        return -EINVAL;
    }
    return meter_sim_unit_write(unit, (uint16_t)strtoul(words->word[2], NULL, 0),
                                (uint16_t)strtoul(words->word[3], NULL, 0));
}

/* How a relay board takes commands from now on: "ignore UNIT", "lag UNIT MS", "obey UNIT". */
static int set_manners(struct meter_sim_net *net, struct meter_sim_unit *unit,
                       const struct words *words)
{
    (void)net;
    if (unit->board.kind == NULL) {
        return -ENODEV;
    }
    unit->board.ignores = words->word[0][0] == 'i';
    unit->board.lag_ms = words->word[0][0] == 'l' && words->word[2] != NULL
                             ? (unsigned)strtoul(words->word[2], NULL, 10)
                             : 0;
    return 0;
}

static int lose_power(struct meter_sim_net *net, struct meter_sim_unit *unit,
                      const struct words *words)
{
    (void)net;
    (void)words;
    meter_sim_board_power_loss(&unit->board);
    return unit->board.kind != NULL ? 0 : -ENODEV;
}

/* "7", "*", "5020:7", "5020:*". Ports of one set must not count its units twice, hence the look
 * back. */
static int for_units(struct meter_sim_net *net, const struct words *words, unit_function *function)
{
    const char *which = words->word[1];
    if (which == NULL) {
        return -EINVAL;
    }
    const char *colon = strchr(which, ':');
    unsigned long port = colon != NULL ? strtoul(which, NULL, 10) : 0;
    const char *name = colon != NULL ? colon + 1 : which;
    bool all = strcmp(name, "*") == 0;
    unsigned long number = strtoul(name, NULL, 10);
    int result = -ENODEV;
    for (size_t i = 0; i < net->port_count; i++) {
        struct meter_sim_set *set = net->ports[i].set;
        bool seen = false;
        for (size_t j = 0; j < i; j++) {
            seen |= net->ports[j].set == set;
        }
        if ((port != 0 && net->ports[i].number != port) || (port == 0 && seen)) {
            continue;
        }
        for (size_t n = 0; n < 256; n++) {
            if (set->units[n] != NULL && (all || n == number)) {
                int done = function(net, set->units[n], words);
                result = result == 0 || result == -ENODEV || done < 0 ? done : result;
            }
        }
    }
    return result;
}

/* The first unit that is meant. */
static struct meter_sim_unit *find_unit(const struct meter_sim_net *net, const char *which)
{
    const char *colon = strchr(which, ':');
    unsigned long port = colon != NULL ? strtoul(which, NULL, 10) : 0;
    unsigned long number = strtoul(colon != NULL ? colon + 1 : which, NULL, 10);
    for (size_t i = 0; number < 256 && i < net->port_count; i++) {
        if (port == 0 || net->ports[i].number == port) {
            return net->ports[i].set->units[number];
        }
    }
    return NULL;
}

static int told(const struct meter_sim_net *net, const struct words *words, char *reply,
                size_t size)
{
    if (words->word[1] == NULL || words->word[2] == NULL) {
        return -EINVAL;
    }
    const struct meter_sim_unit *unit = find_unit(net, words->word[1]);
    unsigned long relay = strtoul(words->word[2], NULL, 10);
    if (unit == NULL || unit->board.kind == NULL || relay < 1 || relay > unit->board.kind->count) {
        return -ENODEV;
    }
    snprintf(reply, size, "ok %.6f", unit->board.told_at[relay - 1]);
    return 0;
}

static int stats(struct meter_sim_net *net, char *reply, size_t size)
{
    size_t open = 0;
    for (size_t i = 0; i < net->port_count; i++) {
        open += net->ports[i].fd >= 0;
    }
    snprintf(reply, size,
             "ok requests=%" PRIu64 " answers=%" PRIu64 " crc-errors=%" PRIu64
             " connections=%" PRIu64 " ports=%zu",
             net->requests, net->answers, net->crc_errors, net->connections, open);
    return 0;
}

static int obey(struct meter_sim_net *net, const struct words *words, char *reply, size_t size)
{
    static const struct {
        const char *name;
        unit_function *function;
    } commands[] = {
        {"delay", set_delay},       {"continue", go_on},  {"clear", clear},
        {"set", set_pin},           {"unset", unset_pin}, {"write", write_setting},
        {"ignore", set_manners},    {"lag", set_manners}, {"obey", set_manners},
        {"power-loss", lose_power},
    };
    const char *verb = words->word[0] != NULL ? words->word[0] : "";
    uint16_t port = words->word[1] != NULL ? (uint16_t)strtoul(words->word[1], NULL, 10) : 0;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(verb, commands[i].name) == 0) {
            return for_units(net, words, commands[i].function);
        }
    }
    if (strcmp(verb, "stats") == 0) {
        return stats(net, reply, size);
    }
    if (strcmp(verb, "told") == 0) {
        return told(net, words, reply, size);
    }
    if (strcmp(verb, "drop") == 0) {
        meter_sim_net_drop(net, port);
        return 0;
    }
    if (strcmp(verb, "refuse") == 0 || strcmp(verb, "accept") == 0) {
        return meter_sim_net_refuse(net, port, verb[0] == 'r');
    }
    enum meter_sim_fault_kind kind;
    return meter_sim_fault_find(verb, &kind) == 0 ? for_units(net, words, set_fault) : -ENOSYS;
}

void meter_sim_control_obey(struct meter_sim_net *net, char *text, char *reply, size_t size)
{
    struct words words;
    split(text, &words);
    snprintf(reply, size, "ok");
    int result = obey(net, &words, reply, size);
    if (result < 0) {
        snprintf(reply, size, "error: %s",
                 result == -ENOSYS ? "no such command" : strerror(-result));
    }
}

void meter_sim_control_read(struct meter_sim_control *control)
{
    char text[512], reply[256];
    struct sockaddr_un from;
    socklen_t from_size = sizeof(from);
    ssize_t got =
        recvfrom(control->fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&from, &from_size);
    if (got < 0) {
        return;
    }
    text[got] = '\0';
    meter_sim_control_obey(control->net, text, reply, sizeof(reply));
    /* A sender without a name of its own can't be answered; it has been obeyed all the same. */
    if (from_size > sizeof(sa_family_t)) {
        sendto(control->fd, reply, strlen(reply), MSG_DONTWAIT, (struct sockaddr *)&from,
               from_size);
    }
}
