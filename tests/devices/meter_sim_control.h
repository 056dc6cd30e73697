/* meter_sim_control - changes the simulator while it runs: one text command a datagram, one answer.
 *
 * Answers "ok", "ok ..." or "error: ...". UNIT is a number, * for all, or PORT:UNIT, PORT:* behind
 * one port.
 *
 *   silence|late|wrong-unit|wrong-function|wrong-tid|truncate|flip|garbage|echo|exception
 *       UNIT [N] [times=N]
 *   delay UNIT MS              every answer comes later
 *   stop UNIT                  keep answers back; continue UNIT sends them all
 *   clear UNIT                 no fault, no delay
 *   set UNIT PATH VALUE        hold a quantity (phase-a/voltage) or a register (register:4096)
 *   unset UNIT [PATH]
 *   write UNIT ADDRESS WORD    change a setting
 *   ignore UNIT, lag UNIT MS   a relay board accepts commands and does nothing, or does it later
 *   obey UNIT                  and as it should again
 *   power-loss UNIT            all its relays fall open
 *   told UNIT RELAY            when that relay of one board was last told to switch: "ok SECONDS"
 *                              since 1970, 0 if never; relays count from 1
 *   drop|refuse|accept [PORT]  close connections; refuse new ones; accept them again
 *   stats                      counters
 */
#pragma once

#include "meter_sim_net.h"

struct meter_sim_control {
    enum meter_sim_source source;
    int fd;
    const char *path;
    struct meter_sim_net *net;
};

/* Binds a datagram socket at path, in place of one that is left over: 0, or a negative errno. */
int meter_sim_control_open(struct meter_sim_control *control, struct meter_sim_net *net,
                           const char *path);
void meter_sim_control_close(struct meter_sim_control *control);

/* Reads and answers what has come. */
void meter_sim_control_read(struct meter_sim_control *control);

/* Obeys one command; the text is cut up. reply gets the answer. */
void meter_sim_control_obey(struct meter_sim_net *net, char *text, char *reply, size_t size);
