#include "face/snmp_agent.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/large_fd_set.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "engine/event_log.h"
#include "face/snmp_answer.h"
#include "face/snmp_gate.h"
#include "face/snmp_guard.h"
#include "face/snmp_library.h"
#include "face/snmp_part.h"
#include "face/snmp_settings.h"
#include "face/snmp_socket.h"
#include "face/snmp_state.h"
#include "face/snmp_transport.h"
#include "face/snmp_ups_look.h"
#include "face/snmp_users.h"
#include "model/config.h"

/* A bulk fits into one packet of a network with the usual 1500 octets, IPv6 and UDP headers off:
 * fragments get lost, and an answer must not be much larger than what a forged question cost. */
#define BULK_MOST 1452
/* Version, security parameters and PDU header around the bindings, keys and names at their
 * longest. */
#define HEADER_V2 60
#define HEADER_V3 320

/* Of each span, at most so much of the loop's time. */
#define SPAN (100 * CLOCK_MS)
#define SPAN_MOST (50 * CLOCK_MS)
#define TRY_AGAIN (60 * CLOCK_S)
#define PARTS_MOST 16

struct snmp_agent {
    struct snmp_agent_context context;
    struct snmp_gate gate;
    struct snmp_settings settings; /* in force; `listen` points to `listening` */
    char listening[64];
    struct snmp_model model;
    struct snmp_tree *tree;
    void *parts[PARTS_MOST];
    struct snmp_users *users;
    uint32_t counters[SNMP_COUNTERS];
    struct snmp_ups_times ups;
    struct snmp_guard guard;
    void *session; /* Net-SNMP's; NULL while closed */
    netsnmp_large_fd_set fds;
    struct snmp_link link;
    struct loop_fd watch;
    struct loop_timer timer; /* the next span, or the next try to open */
    clock_us span, spent;    /* when this span began, and what it took so far */
    char problem[ERR_TEXT_MAX];
};

/* ---- who is refused -------------------------------------------------------------------------- */

static void refuse(struct snmp_agent *agent, const struct in6_addr *address, const char *why)
{
    char from[INET6_ADDRSTRLEN], text[160];
    uint64_t count;
    if (!snmp_guard_refused(&agent->guard, address, loop_now(agent->context.loop), &count))
        return;
    snmp_address_text(address, from);
    int used = snprintf(text, sizeof text, "SNMP from %s: %s", from, why);
    if (count > 1)
        snprintf(text + used, sizeof text - (size_t)used,
                 "; refused %llu times since it was last told", (unsigned long long)count);
    event_log_add(agent->context.events, &(struct event){.kind = EVENT_SIGN_IN_REFUSED,
                                                         .actor = "",
                                                         .origin = from,
                                                         .object = "snmp",
                                                         .text = text});
}

/* What Net-SNMP refused since `before`, by its counters. */
static void look_for_refused(struct snmp_agent *agent, const uint32_t *before)
{
    static const struct {
        enum snmp_counter counter;
        const char *why;
    } rows[] = {
        {SNMP_UNKNOWN_USERS, "there is no such user"},
        {SNMP_WRONG_DIGESTS, "wrong authentication key"},
        {SNMP_DECRYPTION_ERRORS, "wrong privacy key"},
        {SNMP_UNSUPPORTED_LEVELS, "the user has no such security level"},
    };
    struct in6_addr address;
    snmp_peer_address(&agent->link.peer, &address);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (agent->counters[rows[i].counter] != before[rows[i].counter])
            refuse(agent, &address, rows[i].why);
    }
    /* What AES makes of a wrong key is noise: it is not noticed before it cannot be read. */
    if (agent->link.is_v3 && agent->counters[SNMP_IN_PARSE_ERRORS] != before[SNMP_IN_PARSE_ERRORS])
        refuse(agent, &address, "a message of version 3 makes no sense: wrong privacy key?");
}

/* ---- one request ----------------------------------------------------------------------------- */

/* Fingerprints of who wants what set: the same when it is sent again. A manager that tries again
 * does so from the same port under the same request id; somebody who replays what he has seen on
 * the way sends it under the same message id, from anywhere. */
enum print { PRINT_RETRY, PRINT_REPLAY };

static uint64_t print_of(const struct snmp_agent *agent, const netsnmp_pdu *pdu, enum print kind)
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    crypto_generichash_state state;
    uint64_t print;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    if (kind == PRINT_RETRY)
        crypto_generichash_update(&state, (const void *)&agent->link.peer.remote,
                                  agent->link.peer.remote_length);
    else
        crypto_generichash_update(&state, (const void *)&pdu->msgid, sizeof pdu->msgid);
    crypto_generichash_update(&state, (const void *)&pdu->version, sizeof pdu->version);
    crypto_generichash_update(&state, (const void *)&pdu->reqid, sizeof pdu->reqid);
    crypto_generichash_update(&state, pdu->community, pdu->community_len);
    crypto_generichash_update(&state, (const void *)pdu->securityName, pdu->securityNameLen);
    for (const netsnmp_variable_list *at = pdu->variables; at; at = at->next_variable) {
        crypto_generichash_update(&state, (const void *)at->name, at->name_length * sizeof(oid));
        if (at->val.string) /* see snmp_answer.c */
            crypto_generichash_update(&state, at->val.string, at->val_len);
    }
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(&print, hash, sizeof print);
    return print;
}

static const struct snmp_guard_set *find_done(const struct snmp_agent *agent,
                                              const netsnmp_pdu *pdu, clock_us now)
{
    const struct snmp_guard_set *done =
        snmp_guard_find(&agent->guard, print_of(agent, pdu, PRINT_RETRY), now);
    if (!done && pdu->version == SNMP_VERSION_3)
        done = snmp_guard_find(&agent->guard, print_of(agent, pdu, PRINT_REPLAY), now);
    return done;
}

static struct snmp_room room_for(const netsnmp_pdu *pdu)
{
    bool v3 = pdu->version == SNMP_VERSION_3;
    size_t header = v3 ? HEADER_V3 : HEADER_V2 + pdu->community_len;
    size_t most = SNMP_MESSAGE_MOST;
    if (v3 && pdu->msgMaxSize > 0 && (size_t)pdu->msgMaxSize < most)
        most = (size_t)pdu->msgMaxSize;
    struct snmp_room room = {.all = most > header ? most - header : 0};
    room.bulk = BULK_MOST - header < room.all ? BULK_MOST - header : room.all;
    return room;
}

/* A SET is carried out once, however often it comes. */
static bool answer_set(struct snmp_agent *agent, const struct snmp_ask *ask,
                       const struct snmp_room *room, netsnmp_pdu *pdu)
{
    const struct snmp_guard_set *done = find_done(agent, pdu, ask->now);
    if (done) {
        pdu->command = SNMP_MSG_RESPONSE;
        pdu->errstat = done->status;
        pdu->errindex = done->index;
        return true;
    }
    struct snmp_guard_set retry = {.print = print_of(agent, pdu, PRINT_RETRY),
                                   .until = ask->now + SNMP_GUARD_RETRY_FOR};
    struct snmp_guard_set replay = {.print = print_of(agent, pdu, PRINT_REPLAY),
                                    .until = ask->now + SNMP_GUARD_REPLAY_FOR};
    bool answered = snmp_answer(agent->tree, ask, room, pdu);
    retry.status = replay.status = pdu->errstat;
    retry.index = replay.index = pdu->errindex;
    snmp_guard_keep(&agent->guard, &retry);
    if (pdu->version == SNMP_VERSION_3)
        snmp_guard_keep(&agent->guard, &replay);
    return answered;
}

/* The answer to a request: it takes over its variables. NULL: there is none. */
static netsnmp_pdu *answer(struct snmp_agent *agent, netsnmp_pdu *request,
                           const struct snmp_ask *ask)
{
    const struct snmp_room room = room_for(request);
    netsnmp_variable_list *variables = request->variables;
    request->variables = NULL;
    netsnmp_pdu *pdu = snmp_clone_pdu(request);
    if (!pdu) {
        request->variables = variables;
        return NULL;
    }
    pdu->variables = variables;
    bool good = true;
    if (ask->role == ROLE_NONE) {
        snmp_answer_error(pdu, SNMP_AUTHORIZATION, 0);
        pdu->command = SNMP_MSG_RESPONSE;
    } else if (pdu->command == SNMP_MSG_SET) {
        good = answer_set(agent, ask, &room, pdu);
    } else {
        good = snmp_answer(agent->tree, ask, &room, pdu);
    }
    if (good)
        return pdu;
    snmp_free_pdu(pdu);
    return NULL;
}

/* Who may not, and what is told about it. Version 3 has proven who it is and gets an error;
 * communities are not told that they are wrong (RFC 1157 4.1). */
static bool let_in(struct snmp_agent *agent, const netsnmp_pdu *pdu, struct snmp_ask *ask)
{
    struct in6_addr address;
    snmp_peer_address(&agent->link.peer, &address);
    if (pdu->version == SNMP_VERSION_3) {
        if (snmp_gate_user(&agent->gate, pdu->securityName, pdu->securityLevel, &address, ask) ==
            ROLE_NONE)
            refuse(agent, &address, "the user may not, from there or without its keys");
        return pdu->contextNameLen == 0; /* there is no other context */
    }
    if (snmp_gate_community(&agent->gate, pdu->community, pdu->community_len, &address, ask) ==
        ROLE_NONE) {
        agent->counters[SNMP_IN_BAD_COMMUNITY_NAMES]++;
        refuse(agent, &address, "wrong community");
        return false;
    }
    if (pdu->command == SNMP_MSG_SET && ask->role < ROLE_CONTROL)
        agent->counters[SNMP_IN_BAD_COMMUNITY_USES]++;
    return true;
}

/* Traps, reports and answers of others are not for us, and are not answered. */
static bool is_request(const netsnmp_pdu *pdu)
{
    return pdu->command == SNMP_MSG_GET || pdu->command == SNMP_MSG_GETNEXT ||
           pdu->command == SNMP_MSG_GETBULK || pdu->command == SNMP_MSG_SET;
}

static int on_request(int operation, netsnmp_session *session, int request_id, netsnmp_pdu *pdu,
                      void *magic)
{
    struct snmp_agent *agent = magic;
    struct loop *loop = agent->context.loop;
    char from[INET6_ADDRSTRLEN];
    struct in6_addr address;
    bool wall = clock_wall_known(loop_clock(loop));
    struct snmp_ask ask = {
        .now = loop_now(loop), .wall = wall ? loop_wall(loop) : 0, .actor = "", .origin = from};
    (void)session;
    (void)request_id;
    if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || !is_request(pdu))
        return 1;
    snmp_peer_address(&agent->link.peer, &address);
    snmp_address_text(&address, from);
    if (!let_in(agent, pdu, &ask))
        return 1;
    netsnmp_pdu *reply = answer(agent, pdu, &ask);
    if (reply && !snmp_sess_send(agent->session, reply)) {
        agent->counters[SNMP_SILENT_DROPS]++;
        snmp_free_pdu(reply);
    }
    return 1;
}

/* ---- packets --------------------------------------------------------------------------------- */

/* A packet: false when nobody there may ask. */
static bool on_packet(void *user, const struct in6_addr *address)
{
    struct snmp_agent *agent = user;
    agent->counters[SNMP_IN_PACKETS]++;
    if (snmp_gate_expects(&agent->gate, address))
        return true;
    refuse(agent, address, "nobody there may ask");
    return false;
}

static void handle_packet(struct snmp_agent *agent)
{
    uint32_t before[SNMP_COUNTERS];
    agent->link.received = false;
    memcpy(before, agent->counters, sizeof before);
    NETSNMP_LARGE_FD_SET(agent->link.fd, &agent->fds);
    snmp_sess_read2(agent->session, &agent->fds);
    if (!agent->link.received)
        return;
    snmp_library_count(agent->counters);
    look_for_refused(agent, before);
}

static void on_packets(struct loop_fd *handle, int events, void *user);

static void watch(struct snmp_agent *agent)
{
    loop_fd_start(agent->context.loop, &agent->watch, agent->link.fd, LOOP_READ, on_packets, agent);
}

static void on_span(struct loop_timer *timer, void *user)
{
    (void)timer;
    watch(user);
}

/* One packet a turn: who waits for the answer to one question asks no second, and others have their
 * turn. Of the loop's time at most half: a flood waits in the socket, and what does not fit there
 * is lost, while lines and pages go on. */
static void on_packets(struct loop_fd *handle, int events, void *user)
{
    struct snmp_agent *agent = user;
    const struct clock *clock = loop_clock(agent->context.loop);
    clock_us begun = clock_mono(clock);
    (void)handle;
    (void)events;
    if (begun - agent->span >= SPAN) {
        agent->span = begun;
        agent->spent = 0;
    }
    handle_packet(agent);
    agent->spent += clock_mono(clock) - begun;
    if (agent->spent < SPAN_MOST)
        return;
    loop_fd_stop(&agent->watch);
    loop_timer_at(agent->context.loop, &agent->timer, agent->span + SPAN, on_span, agent);
}

/* ---- opening and closing --------------------------------------------------------------------- */

static void close_port(struct snmp_agent *agent)
{
    loop_timer_stop(&agent->timer);
    loop_fd_stop(&agent->watch);
    if (agent->session)
        snmp_sess_close(agent->session);
    agent->session = NULL;
    if (agent->link.fd >= 0)
        close(agent->link.fd);
    agent->link.fd = -1;
    agent->problem[0] = '\0';
}

static int open_session(struct snmp_agent *agent, struct err *err)
{
    netsnmp_session session;
    netsnmp_transport *transport = snmp_transport_new(&agent->link);
    snmp_sess_init(&session);
    session.version = SNMP_DEFAULT_VERSION;
    session.callback = on_request;
    session.callback_magic = agent;
    session.isAuthoritative = SNMP_SESS_AUTHORITATIVE;
    if (transport)
        agent->session = snmp_sess_add(&session, transport, NULL, NULL);
    return agent->session ? 0 : err_set(err, -1, "SNMP does not answer: too little memory");
}

static void open_port(struct snmp_agent *agent);

static void on_try(struct loop_timer *timer, void *user)
{
    (void)timer;
    open_port(user);
}

static void open_port(struct snmp_agent *agent)
{
    struct err err = ERR_EMPTY;
    bool told = agent->problem[0] != '\0';
    close_port(agent);
    agent->link.fd = snmp_socket_open(agent->settings.listen, (int)agent->settings.port, &err);
    if (agent->link.fd >= 0 && open_session(agent, &err) == 0) {
        log_notice("snmp", "SNMP answers on %s, UDP port %d", agent->settings.listen,
                   snmp_agent_port(agent));
        watch(agent);
        return;
    }
    close_port(agent);
    snprintf(agent->problem, sizeof agent->problem, "%s", err.text);
    if (!told)
        log_error("snmp", "%s", err.text);
    loop_timer_at(agent->context.loop, &agent->timer, loop_now(agent->context.loop) + TRY_AGAIN,
                  on_try, agent);
}

/* ---- what is served -------------------------------------------------------------------------- */

static void free_parts(struct snmp_agent *agent)
{
    for (size_t i = 0; snmp_parts[i] && i < PARTS_MOST; i++) {
        if (agent->parts[i])
            snmp_parts[i]->free(agent->parts[i], agent->tree);
        agent->parts[i] = NULL;
    }
}

static void make_parts(struct snmp_agent *agent)
{
    free_parts(agent);
    for (size_t i = 0; snmp_parts[i] && i < PARTS_MOST; i++)
        agent->parts[i] = snmp_parts[i]->make(&agent->model, agent->tree);
}

/* Version 3 waits until this start is on disk; versions 1 and 2c need not. */
static void on_durable(void *user)
{
    struct snmp_agent *agent = user;
    if (agent->users)
        snmp_users_configure(agent->users, agent->gate.config);
}

static void begin(struct snmp_agent *agent)
{
    if (!agent->users) {
        snmp_state_begin_again(agent->context.state);
        snmp_library_start(agent->context.state);
        agent->users = snmp_users_new(agent->context.loop, agent->context.state);
    }
    make_parts(agent);
    if (snmp_state_durable(agent->context.state))
        on_durable(agent);
}

/* ---- life ------------------------------------------------------------------------------------ */

void snmp_agent_configure(struct snmp_agent *agent, const struct config *config)
{
    const struct snmp_settings *settings = config_record(config, &snmp_settings_table);
    bool on = settings->enabled && settings->port != 0;
    bool same = on && agent->link.fd >= 0 && settings->port == agent->settings.port &&
                strcmp(settings->listen, agent->listening) == 0;
    agent->gate.config = agent->model.config = config;
    agent->settings = *settings;
    snprintf(agent->listening, sizeof agent->listening, "%s", settings->listen);
    agent->settings.listen = agent->listening;
    agent->model.enterprise = (uint32_t)settings->enterprise;
    if (on)
        begin(agent);
    if (on && !same) {
        agent->problem[0] = '\0';
        open_port(agent);
    } else if (!on) {
        close_port(agent);
        free_parts(agent);
    }
}

struct snmp_agent *snmp_agent_open(const struct snmp_agent_context *context,
                                   const struct config *config)
{
    struct snmp_agent *agent = mem_new(sizeof *agent);
    agent->context = *context;
    agent->gate.access = context->access;
    agent->link = (struct snmp_link){.fd = -1, .accept = on_packet, .user = agent};
    agent->watch = LOOP_FD_EMPTY;
    agent->tree = snmp_tree_new();
    agent->model = (struct snmp_model){.loop = context->loop,
                                       .site = context->site,
                                       .commands = context->commands,
                                       .switcher = context->switcher,
                                       .alarms = context->alarms,
                                       .state = context->state,
                                       .started = context->started,
                                       .counters = agent->counters,
                                       .ups = &agent->ups};
    netsnmp_large_fd_set_init(&agent->fds, FD_SETSIZE);
    snmp_state_on_durable(context->state, on_durable, agent);
    snmp_agent_configure(agent, config);
    return agent;
}

struct snmp_agent *snmp_agent_close(struct snmp_agent *agent)
{
    if (!agent)
        return NULL;
    close_port(agent);
    snmp_state_on_durable(agent->context.state, NULL, NULL);
    free_parts(agent);
    snmp_tree_free(agent->tree);
    if (agent->users) {
        snmp_users_free(agent->users);
        snmp_library_stop();
    }
    netsnmp_large_fd_set_cleanup(&agent->fds);
    free(agent);
    return NULL;
}

int snmp_agent_port(const struct snmp_agent *agent)
{
    int port = agent && agent->session ? snmp_socket_port(agent->link.fd) : 0;
    return port > 0 ? port : 0;
}

const char *snmp_agent_problem(const struct snmp_agent *agent)
{
    return agent ? agent->problem : "";
}
