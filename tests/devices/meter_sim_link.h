/* meter_sim_link - one open conversation: bytes in, requests answered, bytes out.
 *
 * Finds request frames in what a client sends, lets the unit answer, lets its fault spoil the
 * answer, and sends it now or later. Links belong to meter_sim_net, which opens them and says when
 * to read.
 */
#pragma once

#include "meter_sim_net.h"

enum {
    METER_SIM_LINK_IN = 4096,
    METER_SIM_LINK_OUT = 65536, /* a client that lets more pile up is cut off */
};

struct meter_sim_link {
    enum meter_sim_source source;
    bool open, want_write;
    int fd;
    uint32_t generation; /* of this use of the struct */
    struct meter_sim_port *port;
    uint64_t heard_us; /* when bytes came last */
    uint64_t free_us;  /* paced: when the line is free again */
    size_t in_used, out_used;
    uint8_t in[METER_SIM_LINK_IN], out[METER_SIM_LINK_OUT];
};

/* Ends the conversation. The struct stays for the next client, since events of this turn of the
 * loop may still point to it. */
void meter_sim_link_close(struct meter_sim_link *link);

/* Reads what has come, answers whole requests. May close the link. */
void meter_sim_link_read(struct meter_sim_net *net, struct meter_sim_link *link);

/* Queues bytes for the next flush, and sends them. Both may close the link. */
void meter_sim_link_put(struct meter_sim_link *link, const uint8_t *bytes, size_t length);
void meter_sim_link_flush(struct meter_sim_net *net, struct meter_sim_link *link);
