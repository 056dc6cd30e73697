/* serial - opening a serial port of this machine for us alone.
 *
 * 8 data bits, raw, without flow control; what a port cannot do is refused, not rounded. Used by
 * lines that we ask on and by those that we are asked on. May block for a moment; any thread.
 */
#pragma once

#include "base/err.h"

/* Index of the words below: settings keep it. */
enum serial_parity { SERIAL_PARITY_NONE, SERIAL_PARITY_EVEN, SERIAL_PARITY_ODD };
enum serial_rs485_mode { SERIAL_RS485_AUTO, SERIAL_RS485_ON, SERIAL_RS485_OFF };

/* Choices for settings, NULL-terminated; serial_baud gives the number of the word at `index`. */
extern const char *const serial_bauds[], *const serial_parities[], *const serial_rs485_words[];
unsigned serial_baud(long long index);

struct serial_setup {
    const char *port; /* its path */
    unsigned baud;    /* bit/s, one of serial_bauds */
    enum serial_parity parity;
    int stop_bits; /* 1 or 2 */
    enum serial_rs485_mode rs485;
};

/* A descriptor that does not block, which the caller closes; negative errno and a sentence. */
int serial_open(const struct serial_setup *setup, struct err *err);
