#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "field/serial_ports.h"
#include "test_folder.h"

static char folder[512], told[2000];

static int setup(void **state)
{
    (void)state;
    test_folder(folder, sizeof folder);
    told[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

/* Makes a file below the root, with its folders. */
static void make(const char *path, const char *text)
{
    char command[1500], file[1200];
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s%s')\"", folder, path);
    assert_int_equal(system(command), 0);
    snprintf(file, sizeof file, "%s%s", folder, path);
    test_write_file(file, text);
}

static void on_port(void *user, const char *path, const char *device)
{
    (void)user;
    size_t length = strlen(told);
    snprintf(told + length, sizeof told - length, "%s>%s ", path, device);
}

static void test_lasting_names_come_first_and_once(void **state)
{
    (void)state;
    char link[1200];
    make("/dev/ttyUSB0", "");
    make("/dev/ttyUSB1", "");
    make("/dev/ttyACM0", "");
    make("/dev/serial/by-id/.x", "");
    snprintf(link, sizeof link, "%s/dev/serial/by-id/usb-FTDI_A", folder);
    assert_int_equal(symlink("../../ttyUSB1", link), 0);
    snprintf(link, sizeof link, "%s/dev/serial/by-id/usb-gone", folder);
    assert_int_equal(symlink("../../ttyUSB9", link), 0);
    serial_ports_each(folder, on_port, NULL);
    assert_string_equal(told, "/dev/serial/by-id/usb-FTDI_A>/dev/ttyUSB1 "
                              "/dev/ttyACM0>/dev/ttyACM0 /dev/ttyUSB0>/dev/ttyUSB0 ");
}

/* Consoles and chips that are not there are no ports; type 4 is a 16550A (linux/serial.h). */
static void test_only_what_is_there(void **state)
{
    (void)state;
    static const char *const names[] = {"/dev/ttyS0",     "/dev/ttyS1",   "/dev/ttyS2", "/dev/tty1",
                                        "/dev/ttyprintk", "/dev/ttyAMA0", "/dev/null"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        make(names[i], "");
    make("/sys/class/tty/ttyS0/type", "4\n");
    make("/sys/class/tty/ttyS1/type", "0\n");
    serial_ports_each(folder, on_port, NULL);
    assert_string_equal(told, "/dev/ttyAMA0>/dev/ttyAMA0 /dev/ttyS0>/dev/ttyS0 ");
}

static void test_nothing(void **state)
{
    (void)state;
    serial_ports_each(folder, on_port, NULL);
    assert_string_equal(told, "");
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {ROW(test_lasting_names_come_first_and_once),
                                       ROW(test_only_what_is_there), ROW(test_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
