/* meter-sim - simulated Modbus meters on TCP ports and pseudo-terminals, for demos, tests and
 * benches.
 *
 * One thread, one epoll loop. Prints a line for each thing that it listens on, then "ready". See
 * meter_sim_spec.h for meters, meter_sim_control.h for what can be changed while it runs.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "meter_sim_control.h"
#include "meter_sim_counters.h"
#include "meter_sim_net.h"
#include "meter_sim_spec.h"

enum {
    PORTS_MAX = 1024,
    SPECS_MAX = 256,
    LISTENS_MAX = 64,
};

/* One --tcp, --rtu-tcp or --pty, before units exist. */
struct listen {
    enum meter_sim_medium medium;
    const char *text;
};

struct program {
    struct meter_sim_net net;
    struct meter_sim_control control;
    enum meter_sim_source signal_source;
    int signal_fd;
    struct listen listens[LISTENS_MAX];
    size_t listen_count;
    struct meter_sim_spec specs[SPECS_MAX];
    size_t spec_count;
    struct meter_sim_set *sets; /* the first is shared, the others belong to ports of ranges */
    size_t set_count;
    unsigned units;
    const char *control_path, *counters_path;
};

static void usage(void)
{
    puts("meter-sim [--tcp HOST:PORT[-PORT]] [--rtu-tcp HOST:PORT[-PORT]] [--pty PATH] [--baud N]\n"
         "          --meter "
         "KIND@UNIT[-UNIT][,seed=N][,phases=1][,load=X][,base=W][,solar=W][,kwh=X]\n"
         "                  [,ct=N][,relays=BITS][,feeder=FILE][,fault=NAME[:N]][,delay=MS] ...\n"
         "          [--units N] [--delay-ms N] [--timeout-ms N] [--control PATH]\n"
         "          [--counters PATH]\n"
         "Kinds of meters:");
    const struct meter_sim_kind *kind;
    for (size_t i = 0; (kind = meter_sim_kind_at(i)) != NULL; i++) {
        printf("  %s\n", kind->name);
    }
}

static int add_listen(struct program *program, enum meter_sim_medium medium, const char *text)
{
    if (program->listen_count == LISTENS_MAX) {
        return -E2BIG;
    }
    program->listens[program->listen_count++] = (struct listen){medium, text};
    return 0;
}

static int add_spec(struct program *program, const char *text)
{
    if (program->spec_count == SPECS_MAX) {
        return -E2BIG;
    }
    return meter_sim_spec_parse(text, &program->specs[program->spec_count++]);
}

static int parse_options(struct program *program, int argc, char **argv)
{
    static const struct option options[] = {
        {"tcp", required_argument, NULL, 't'},      {"rtu-tcp", required_argument, NULL, 'r'},
        {"pty", required_argument, NULL, 'p'},      {"baud", required_argument, NULL, 'b'},
        {"meter", required_argument, NULL, 'm'},    {"units", required_argument, NULL, 'u'},
        {"delay-ms", required_argument, NULL, 'd'}, {"control", required_argument, NULL, 'c'},
        {"counters", required_argument, NULL, 'k'}, {"timeout-ms", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0},
    };
    int result = 0;
    for (int option; result == 0 && (option = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        unsigned number = optarg != NULL ? (unsigned)strtoul(optarg, NULL, 10) : 0;
        switch (option) {
        case 't':
            result = add_listen(program, METER_SIM_TCP, optarg);
            break;
        case 'r':
            result = add_listen(program, METER_SIM_RTU_TCP, optarg);
            break;
        case 'p':
            result = add_listen(program, METER_SIM_PTY, optarg);
            break;
        case 'm':
            result = add_spec(program, optarg);
            break;
        case 'b':
            program->net.pace.baud = number;
            break;
        case 'u':
            program->units = number;
            break;
        case 'd':
            program->net.delay_ms = number;
            break;
        case 'o':
            program->net.timeout_ms = number;
            break;
        case 'c':
            program->control_path = optarg;
            break;
        case 'k':
            program->counters_path = optarg;
            break;
        default:
            return -EINVAL;
        }
    }
    return result == 0 && (program->spec_count == 0 || program->listen_count == 0) ? -EINVAL
                                                                                   : result;
}

/* The sets' array must not move once ports point into it, hence its full size from the beginning.
 */
static struct meter_sim_set *new_set(struct program *program)
{
    if (program->set_count == PORTS_MAX) {
        return NULL;
    }
    struct meter_sim_set *set = &program->sets[program->set_count];
    for (size_t i = 0; i < program->spec_count; i++) {
        const struct meter_sim_spec *spec = &program->specs[i];
        if (meter_sim_spec_make(spec, (unsigned)program->set_count, set) < 0) {
            return NULL;
        }
    }
    program->set_count++;
    return set;
}

/* Made when the first listener asks: a simulator without listeners has no meters. */
static struct meter_sim_set *shared_set(struct program *program)
{
    return program->set_count > 0 ? &program->sets[0] : new_set(program);
}

/* HOST:PORT or HOST:PORT-PORT; a host with colons is written in brackets. */
static int open_listen(struct program *program, const struct listen *listen)
{
    struct meter_sim_set *shared = shared_set(program);
    if (shared == NULL) {
        return -EINVAL;
    }
    if (listen->medium == METER_SIM_PTY) {
        return meter_sim_net_open(&program->net, listen->medium, listen->text, 0, shared);
    }
    char host[256];
    const char *colon = strrchr(listen->text, ':');
    const char *begin = listen->text[0] == '[' ? listen->text + 1 : listen->text;
    if (colon == NULL || colon - listen->text >= (ptrdiff_t)sizeof(host)) {
        fprintf(stderr, "meter-sim: %s: HOST:PORT expected\n", listen->text);
        return -EINVAL;
    }
    const char *close = begin > listen->text && colon > begin ? colon - 1 : colon;
    snprintf(host, sizeof(host), "%.*s", (int)(close - begin), begin);
    char *end;
    unsigned long first = strtoul(colon + 1, &end, 10);
    unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
    if (*end != '\0' || last < first || last > 65535 ||
        last - first >= PORTS_MAX - program->net.port_count) {
        fprintf(stderr, "meter-sim: %s: no such ports\n", listen->text);
        return -EINVAL;
    }
    for (unsigned long port = first; port <= last; port++) {
        struct meter_sim_set *set = port == first ? shared : new_set(program);
        if (set == NULL) {
            return -EINVAL;
        }
        int result = meter_sim_net_open(&program->net, listen->medium, host, (uint16_t)port, set);
        if (result < 0) {
            return result;
        }
    }
    return 0;
}

/* Control or signal: all else belongs to meter_sim_net. */
static void on_event(enum meter_sim_source *source, void *context)
{
    struct program *program = context;
    if (*source == METER_SIM_SOURCE_CONTROL) {
        meter_sim_control_read(&program->control);
    } else {
        program->net.running = false;
    }
}

/* As events of the loop, so that links and sockets are removed from the disk on the way out. */
static int watch_signals(struct program *program)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    program->signal_source = METER_SIM_SOURCE_SIGNAL;
    program->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return meter_sim_net_watch(&program->net, program->signal_fd, &program->signal_source);
}

/* Hundreds of ports with a few clients each need more descriptors than the usual 1024. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int start(struct program *program)
{
    for (size_t i = 0; program->units > 1 && i < program->spec_count; i++) {
        program->specs[i].last = program->specs[i].first + program->units - 1;
        if (program->specs[i].last > 255) {
            fprintf(stderr, "meter-sim: --units %u: unit numbers end at 255\n", program->units);
            return -EINVAL;
        }
    }
    program->sets = calloc(PORTS_MAX, sizeof(*program->sets));
    for (size_t i = 0; i < program->listen_count; i++) {
        int result = open_listen(program, &program->listens[i]);
        if (result < 0) {
            return result;
        }
    }
    if (program->control_path != NULL) {
        int result =
            meter_sim_control_open(&program->control, &program->net, program->control_path);
        if (result < 0) {
            fprintf(stderr, "meter-sim: %s: %s\n", program->control_path, strerror(-result));
            return result;
        }
        printf("listening control %s\n", program->control_path);
    }
    if (program->counters_path != NULL) {
        int result = meter_sim_counters_load(&program->sets[0], program->counters_path);
        if (result < 0) {
            fprintf(stderr, "meter-sim: %s: %s\n", program->counters_path, strerror(-result));
            return result;
        }
    }
    return watch_signals(program);
}

int main(int argc, char **argv)
{
    struct program *program = calloc(1, sizeof(*program));
    if (program == NULL) {
        return 1;
    }
    raise_limit();
    meter_sim_net_init(&program->net, PORTS_MAX);
    program->net.timeout_ms = 1000;
    program->control.fd = -1;
    int result = parse_options(program, argc, argv);
    if (result < 0) {
        usage();
    } else {
        result = start(program);
    }
    if (result == 0) {
        puts("ready");
        fflush(stdout);
        meter_sim_net_run(&program->net, on_event, program);
        if (program->counters_path != NULL) {
            meter_sim_counters_save(&program->sets[0], program->counters_path);
        }
    }
    meter_sim_control_close(&program->control);
    meter_sim_net_deinit(&program->net);
    for (size_t i = 0; i < program->set_count; i++) {
        meter_sim_spec_free_set(&program->sets[i]);
    }
    for (size_t i = 0; i < program->spec_count; i++) {
        meter_sim_spec_deinit(&program->specs[i]);
    }
    free(program->sets);
    free(program);
    return result == 0 ? 0 : 2;
}
