/* The Modbus driver against a device that answers anything; the profile has every feature of a
 * value. */
#include "driver_fuzzing.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char profile[] =
    "profile: fuzz\nvendor: V\nmodel: M\nrole: meter\nlimits: {registers: 20, gap: 3}\norder: "
    "CDAB\n"
    "identify:\n"
    "  - {holding: 0, type: uint16, equals: 0}\n"
    "  - {holding: 1, type: text, length: 2, equals: ab}\n"
    "  - {coil: 1, equals: 0}\n"
    "points:\n"
    "  phase-a/voltage: {holding: 10, type: uint16, scale: 0.1, absent: [ones]}\n"
    "  phase-b/voltage: {holding: 11, type: int16, scale: 0.1, offset: -5, absent: [[-10, 10]], "
    "valid: [0, 500]}\n"
    "  phase-c/voltage: {holding: 12, type: float16}\n"
    "  total/energy: {holding: 13, type: uint64, scale: 0.00001, absent: [max]}\n"
    "  total/energy-net: {holding: 17, type: int64, scale: 0.001}\n"
    "  total/energy-export: {holding: 21, type: bcd64, scale: 0.01, absent: [0xFFFFFFFFFFFFFFFF]}\n"
    "  total/real-power: {holding: 30, type: uint32, sign: {holding: 40, type: uint16, negative: "
    "1},\n"
    "    scale_by: {holding: 41, type: float32, below: 5, scale: 0.01, else: 1}}\n"
    "  total/reactive-power: {input: 0, type: float32, plus: [{input: 2, type: float64}, {input: "
    "6, type: bcd16, scale: -3}]}\n"
    "  total/apparent-power: {input: 7, type: int32, scale_register: [{input: 9, type: int16, "
    "kind: power_of_ten},\n"
    "    {input: 10, type: float32, kind: factor, scale: 0.5}]}\n"
    "  total/firmware: {input: 12, type: text, length: 20, every: once}\n"
    "  total/serial-number: {input: 40, type: bcd32, order: DCBA, every: slow, absent: [0]}\n"
    "  output-1/state: {coil: 3, values: {0: off, 1: on}}\n"
    "  output-2/state: {coil: 40}\n"
    "  input-1/state: {discrete: 3}\n"
    "  total/fault: {holding: 10, type: uint16, flags: {0: a}}\n"
    "  input-2/state: {holding: 10, type: uint16, bits: [3, 5], optional: true}\n";

static struct driver_library *load(void)
{
    char folder[] = "/tmp/busbar-fuzz-XXXXXX", path[100];
    if (!mkdtemp(folder))
        abort();
    snprintf(path, sizeof path, "%s/modbus", folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/modbus/fuzz.yaml", folder);
    FILE *out = fopen(path, "w");
    fputs(profile, out);
    fclose(out);
    struct driver_library *library = library_new();
    struct err_list errors = ERR_LIST_EMPTY;
    library_load(library, folder, &errors);
    for (size_t i = 0; i < errors.count; i++)
        fprintf(stderr, "%s\n", errors.list[i].text);
    if (errors.found)
        abort();
    unlink(path);
    snprintf(path, sizeof path, "%s/modbus", folder);
    rmdir(path);
    rmdir(folder);
    return library;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct driver_library *library;
    if (!library)
        library = load();
    struct fuzz_bytes from = {data, size};
    fuzz_drive(library, "fuzz", &from);
    return 0;
}
