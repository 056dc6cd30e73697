/* field_bench - transactions a second, flat out, over loopback TCP, 30 points decoded from each.
 *
 *     field_bench [connections] [seconds]
 *
 * A child serves all connections; this process polls them through lines, queue, framing and pollers
 * into a site. Prints one line of JSON; cpu_percent is this process alone.
 */
#include "field/testing_driver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "field/poller.h"

#define CONNECTIONS_MAX 1000

static int listen_somewhere(uint16_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, CONNECTIONS_MAX) < 0)
        exit(1);
    getsockname(fd, (struct sockaddr *)&address, &size);
    *port = ntohs(address.sin_port);
    return fd;
}

/* One read and one write a request: a client that has one request under way sends whole frames. */
static void serve(int listener)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct epoll_event ready[64];
        int count = epoll_wait(epoll, ready, 64, -1);
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            if (fd == listener) {
                int peer = accept(listener, NULL, NULL), on = 1;
                setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                event.data.fd = peer;
                epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event);
                continue;
            }
            uint8_t request[300], answer[300];
            ssize_t got = read(fd, request, sizeof request);
            if (got < 8) {
                close(fd);
                continue;
            }
            size_t size = testing_answer_tcp(request, (size_t)got, answer);
            if (write(fd, answer, size) != (ssize_t)size)
                exit(1);
        }
    }
}

static void on_stop(struct loop_timer *timer, void *user)
{
    (void)timer;
    loop_stop(user);
}

static void run_for(struct loop *loop, clock_us time)
{
    struct loop_timer stop = LOOP_TIMER_EMPTY;
    loop_timer_at(loop, &stop, clock_mono(loop_clock(loop)) + time, on_stop, loop);
    loop_run(loop);
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static uint64_t total(struct line **lines, unsigned count)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += line_statistics(lines[i])->counts[STATISTICS_ANSWERS];
    return sum;
}

int main(int argc, char **argv)
{
    unsigned connections = argc > 1 ? (unsigned)atoi(argv[1]) : 20;
    int seconds = argc > 2 ? atoi(argv[2]) : 3;
    if (connections < 1 || connections > CONNECTIONS_MAX || seconds < 1)
        return 2;
    uint16_t port;
    int listener = listen_somewhere(&port);
    pid_t child = fork();
    if (child == 0)
        serve(listener);
    close(listener);

    struct clock clock = clock_system();
    struct loop *loop = loop_new(&clock);
    struct site *site = site_new(loop);
    char text[8];
    snprintf(text, sizeof text, "%u", port);
    struct line_settings settings = testing_settings(LINE_MODBUS_TCP);
    settings.host = "127.0.0.1";
    settings.port = text;
    struct testing_library library = {.reads = 5000, .registers = TESTING_READS};
    static struct line *lines[CONNECTIONS_MAX];
    struct poller *pollers = mem_new(connections * sizeof *pollers);
    for (unsigned i = 0; i < connections; i++) {
        char name[16];
        snprintf(name, sizeof name, "meter-%u", i);
        lines[i] = line_new(loop, name, &settings, NULL);
        struct poller *poller = &pollers[i];
        *poller = (struct poller){.loop = loop,
                                  .name = mem_text(name),
                                  .ordinal = i + 1,
                                  .driver = &testing_driver,
                                  .settings = {.unit = i % 247 + 1, .every = CLOCK_S / 10}};
        poller->device = site_device_add(site, &(struct device_spec){.name = name});
        const struct driver_settings driver = {.unit = (int)poller->settings.unit};
        poller->state = testing_open(&library, &driver, poller->device, NULL);
        poller_attach(poller, lines[i], 0, i);
        line_open(lines[i]);
    }
    run_for(loop, CLOCK_S / 2);
    uint64_t before = total(lines, connections);
    double cpu = cpu_seconds();
    clock_us begin = clock_mono(&clock);
    run_for(loop, seconds * CLOCK_S);
    double time = (double)(clock_mono(&clock) - begin) / CLOCK_S;
    cpu = cpu_seconds() - cpu;
    uint64_t done = total(lines, connections) - before;
    unsigned wrong = 0;
    for (unsigned i = 0; i < connections; i++)
        wrong += pollers[i].state->wrong;
    printf("{\"bench\":\"field\",\"connections\":%u,\"transactions_per_s\":%.0f,"
           "\"per_cpu_s\":%.0f,\"cpu_percent\":%.0f,\"median_us\":%lld,\"p99_us\":%lld,"
           "\"wrong\":%u}\n",
           connections, (double)done / time, (double)done / cpu, 100 * cpu / time,
           (long long)statistics_latency_at(&line_statistics(lines[0])->latency, 0.5),
           (long long)statistics_latency_at(&line_statistics(lines[0])->latency, 0.99), wrong);
    for (unsigned i = 0; i < connections; i++) {
        poller_detach(&pollers[i]);
        testing_close(pollers[i].state);
        line_free(lines[i]);
        free(pollers[i].name);
    }
    free(pollers);
    site_free(site);
    loop_free(loop);
    kill(child, SIGKILL);
    return wrong > 0;
}
