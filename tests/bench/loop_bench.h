/* loop_bench - what the comparison loops share: the request of the benches, and the time they used.
 *
 * Each prints one line of JSON with its transactions a second and for each second of its own CPU
 * time.
 */
#pragma once

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

enum { LOOP_BENCH_REGISTERS = 60 };

static inline double loop_bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline double loop_bench_cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static inline void loop_bench_print(const char *name, unsigned long done, double time, double cpu)
{
    printf("{\"bench\":\"%s\",\"transactions_per_s\":%.0f,\"per_cpu_s\":%.0f,\"cpu_us\":%.2f}\n",
           name, (double)done / time, (double)done / cpu, 1e6 * cpu / (double)done);
}
