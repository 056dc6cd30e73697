/* serial_ports - the serial ports of this machine, for people who name a line's port.
 *
 * Looks into /dev and /sys at each call and opens nothing. Names under /dev/serial/by-id come
 * first: they stay when adaptors are plugged in another order.
 */
#pragma once

/* Call `fn` for each port: `path` is what to write into a line's settings, `device` what it leads
 * to (the same for a port without a lasting name). Texts live until it returns. `root` is put
 * before /dev and /sys; "" but in tests. */
void serial_ports_each(const char *root,
                       void (*fn)(void *user, const char *path, const char *device), void *user);
