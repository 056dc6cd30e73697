/* gateway_private - what gateway.c (ports, life), gateway_client.c (connections) and
 * gateway_serial.c (the master on a serial line) share; nobody else includes this. */
#pragma once

#include "base/ip_net.h"
#include "base/serial.h"
#include "base/stream.h"
#include "face/gateway.h"
#include "face/gateway_rule.h"
#include "face/gateway_settings.h"
#include "model/limits.h"
#include "wire/modbus_tcp.h"

#define CLIENT_IN_MAX (STREAM_READ_MAX + MODBUS_TCP_MAX)

enum slot_state {
    SLOT_FREE,
    SLOT_WAITING, /* for what the same client asked before */
    SLOT_ASKED,
    SLOT_DONE, /* `pdu` is the answer, to be sent in its turn */
};

/* One request of a client, then its answer. */
struct gateway_slot {
    struct raw_request request;
    struct gateway_client *client;
    enum slot_state state;
    bool write;
    bool unheard;              /* nobody waits for the answer: a broadcast, or given up */
    char line[LIMIT_NAME + 1]; /* where it went */
    uint16_t transaction;
    uint8_t unit;
    struct modbus_pdu_request asked; /* its data are not kept */
    size_t length;
    uint8_t pdu[MODBUS_PDU_MAX];
};

struct gateway_serial;

struct gateway_client {
    struct gateway_client *next, *previous; /* of the port, newest first */
    struct gateway_port *port;
    struct stream stream;
    struct gateway_serial *serial; /* of the master on a serial line; NULL for all others */
    struct ip_address address;
    char address_text[48];
    int remote_port;
    uint32_t id;
    clock_us since, asked, half_since, stuck_since; /* CLOCK_NEVER: nothing is half or stuck */
    bool inside; /* requests are being taken out of `in`: answers wait until that is through */
    size_t first, used; /* ring of slots */
    struct gateway_slot slots[GATEWAY_PIPELINE];
    uint64_t counts[GATEWAY_COUNTS];
    size_t in_length;
    uint8_t in[CLIENT_IN_MAX];
};

struct gateway_port {
    struct gateway_port *next;
    struct gateway *gateway;
    char *name, *label, *listen, *routes_text;
    enum gateway_kind kind;
    int port;                  /* TCP */
    struct serial_setup setup; /* of a serial port; its text is ours */
    int64_t clients_most;
    clock_us idle, answer_within;
    bool seen;
    struct loop_fd watch; /* its fd is -1 while it does not listen */
    int bound;
    char problem[200];
    struct {
        struct raw_path *path; /* NULL: nowhere */
        uint8_t unit;
        const char *line;   /* NULL: nowhere */
        const char *device; /* whose values busbar itself shows; NULL: it is a line */
        bool sunspec;
    } routes[256];
    bool sunspec_floats;
    struct arena *names; /* of lines */
    struct gateway_client *clients;
    size_t client_count;
    uint64_t accepted, turned_away;
    uint64_t counts[GATEWAY_COUNTS];
};

struct gateway {
    struct gateway_context context;
    struct gateway_rules rules;
    struct gateway_port *ports; /* in the order of the settings */
    bool held;
    uint32_t next_id;
    struct loop_timer timer;
};

/* ---- gateway_client.c ------------------------------------------------------------------------ */

/* Takes over `fd`, whose other end is `any`; a failure closes it. */
void gateway_client_begin(struct gateway_port *port, int fd, const struct sockaddr *any);
void gateway_client_begin_serial(struct gateway_port *port, int fd);
void gateway_client_end(struct gateway_client *client);

/* Whether it has had its time: idle, half a request, or takes no answers. */
bool gateway_client_overdue(struct gateway_client *client, clock_us now);

/* Take requests from `in`, begin what may begin, send what is finished. The client may be gone
 * after it. */
void gateway_client_go_on(struct gateway_client *client);

/* One more request of the client, which has a free slot. */
void gateway_client_request(struct gateway_client *client, uint16_t transaction, uint8_t unit,
                            const uint8_t *pdu, size_t length);

/* Nobody waits for what it asked any more: readings are called back, writes go on. */
void gateway_client_give_up(struct gateway_client *client);

/* ---- gateway_serial.c ------------------------------------------------------------------------ */

/* The text of a serial gateway for people: "/dev/ttyS1 19200 8E1". */
void gateway_serial_describe(const struct serial_setup *setup, char *text, size_t size);

struct gateway_serial *gateway_serial_new(struct gateway_client *client);
/* Accepts NULL, returns NULL. */
struct gateway_serial *gateway_serial_free(struct gateway_serial *serial);

/* Bytes have come, and are about to be put behind those in `in`. */
void gateway_serial_heard(struct gateway_client *client);

/* What the begin of `in` is: bytes to drop, perhaps after a request was taken from them; 0 when
 * more must come first. */
int gateway_serial_take(struct gateway_client *client);

/* Send an answer when the line has been silent for long enough, or not at all when it comes too
 * late. 0 or negative errno. */
int gateway_serial_send(struct gateway_client *client, const uint8_t *frame, size_t length);
