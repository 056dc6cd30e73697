/* libmodbus_bench - the loop that a program with libmodbus has: one connection, one blocking read
 * after the other, thirty numbers out of each. For comparison only; busbar does not use the
 * library.
 *
 *     libmodbus_bench PORT SECONDS
 */
#include <errno.h>
#include <modbus.h>
#include <stdlib.h>

#include "loop_bench.h"

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    double seconds = atof(argv[2]);
    modbus_t *modbus = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    if (!modbus || modbus_set_slave(modbus, 1) < 0 || modbus_connect(modbus) < 0) {
        fprintf(stderr, "libmodbus_bench: %s\n", modbus_strerror(errno));
        return 1;
    }
    unsigned long done = 0;
    double begin = loop_bench_now(), cpu = loop_bench_cpu(), sum = 0;
    while (loop_bench_now() < begin + seconds) {
        uint16_t registers[LOOP_BENCH_REGISTERS];
        if (modbus_read_registers(modbus, 0, LOOP_BENCH_REGISTERS, registers) !=
            LOOP_BENCH_REGISTERS) {
            fprintf(stderr, "libmodbus_bench: %s\n", modbus_strerror(errno));
            return 1;
        }
        for (int i = 0; i < LOOP_BENCH_REGISTERS; i += 2)
            sum += (double)modbus_get_float_abcd(&registers[i]);
        done++;
    }
    double time = loop_bench_now() - begin;
    cpu = loop_bench_cpu() - cpu;
    /* Every number is above 100: the loop really read them. */
    if (sum < 100.0 * (double)done)
        return 1;
    loop_bench_print("libmodbus", done, time, cpu);
    modbus_close(modbus);
    modbus_free(modbus);
    return 0;
}
