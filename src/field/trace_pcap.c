/* A trace as a pcap file (the format of libpcap's pcap-savefile(5)), written by hand: it is a head
 * of 24 bytes and one of 16 for each packet. */

#include <string.h>

#include "field/trace_decode.h"
#include "field/trace_form.h"
#include "wire/modbus_tcp.h"

#define LINK_RAW_IP 101 /* LINKTYPE_RAW */
#define IP_HEAD 20
#define TCP_HEAD 20
#define UDP_HEAD 8
#define TCP_PROTOCOL 6
#define UDP_PROTOCOL 17
#define DISCARD_PORT 9    /* RFC 863: no dissector makes anything of its bytes */
#define CLIENT_PORT 49152 /* first dynamic one, RFC 6335 */

/* RFC 5737: addresses for documentation, which no real network has. */
static const uint8_t network[3] = {192, 0, 2};
enum { BUSBAR = 1, LINE = 2, OTHER_MASTER = 3, HOSTS };

struct pcap {
    struct trace_decoder decoder;
    struct buf *out;
    uint32_t sent[HOSTS];     /* bytes of TCP so far, by who sent them to whom but the line; */
    uint32_t received[HOSTS]; /* by whom the line answered */
};

static uint8_t *put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
    return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
    return put16(put16(at, value >> 16), value & 0xFFFF);
}

/* RFC 1071, over words in network order. */
static uint32_t sum(uint32_t start, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        start += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    return start;
}

static unsigned fold(uint32_t value)
{
    while (value >> 16)
        value = (value & 0xFFFF) + (value >> 16);
    return ~value & 0xFFFF;
}

static void put_address(uint8_t *at, int host)
{
    memcpy(at, network, sizeof network);
    at[3] = (uint8_t)host;
}

/* RFC 791: no options, one piece. */
static void put_ip(uint8_t *head, int from, int to, uint8_t protocol, size_t length)
{
    memset(head, 0, IP_HEAD);
    head[0] = 0x45;
    put16(head + 2, (unsigned)(IP_HEAD + length));
    head[8] = 64; /* time to live */
    head[9] = protocol;
    put_address(head + 12, from);
    put_address(head + 16, to);
    put16(head + 10, fold(sum(0, head, IP_HEAD)));
}

/* The checksum of TCP and UDP covers addresses, protocol and length too. */
static unsigned checksum(const uint8_t *packet, size_t length)
{
    const uint8_t *ip = packet;
    uint32_t start = sum(0, ip + 12, 8) + ip[9] + (uint32_t)length;
    return fold(sum(start, packet + IP_HEAD, length));
}

static void add_packet(struct pcap *pcap, clock_us wall, const uint8_t *packet, size_t length)
{
    /* In the order of bytes of a little-endian machine, whatever this one is: readers look. */
    const uint32_t head[] = {(uint32_t)(wall / CLOCK_S), (uint32_t)(wall % CLOCK_S),
                             (uint32_t)length, (uint32_t)length};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) {
        for (int byte = 0; byte < 4; byte++)
            buf_add_char(pcap->out, (char)(head[i] >> 8 * byte));
    }
    buf_add(pcap->out, packet, length);
}

/* One segment of the connection between a master and the line. */
static void add_tcp(struct pcap *pcap, clock_us wall, int master, bool question,
                    const uint8_t *bytes, size_t length)
{
    uint8_t packet[IP_HEAD + TCP_HEAD + MODBUS_TCP_MAX + 8] = {0};
    uint32_t *mine = question ? &pcap->sent[master] : &pcap->received[master];
    uint32_t theirs = question ? pcap->received[master] : pcap->sent[master];
    uint8_t *tcp = packet + IP_HEAD;
    if (length > MODBUS_TCP_MAX)
        return;
    put_ip(packet, question ? master : LINE, question ? LINE : master, TCP_PROTOCOL,
           TCP_HEAD + length);
    put16(tcp, question ? CLIENT_PORT : MODBUS_TCP_PORT);
    put16(tcp + 2, question ? MODBUS_TCP_PORT : CLIENT_PORT);
    put32(tcp + 4, 1 + *mine);
    put32(tcp + 8, 1 + theirs);
    tcp[12] = TCP_HEAD / 4 << 4;
    tcp[13] = 0x18;         /* ACK, PSH */
    put16(tcp + 14, 65535); /* window */
    memcpy(tcp + TCP_HEAD, bytes, length);
    put16(tcp + 16, checksum(packet, TCP_HEAD + length));
    *mine += (uint32_t)length;
    add_packet(pcap, wall, packet, IP_HEAD + TCP_HEAD + length);
}

static void add_udp(struct pcap *pcap, const struct trace_frame *frame)
{
    uint8_t packet[IP_HEAD + UDP_HEAD + TRACE_FRAME_MAX] = {0};
    uint8_t *udp = packet + IP_HEAD;
    put_ip(packet, LINE, BUSBAR, UDP_PROTOCOL, UDP_HEAD + frame->length);
    put16(udp, DISCARD_PORT);
    put16(udp + 2, DISCARD_PORT);
    put16(udp + 4, (unsigned)(UDP_HEAD + frame->length));
    memcpy(udp + UDP_HEAD, frame->bytes, frame->length);
    put16(udp + 6, checksum(packet, UDP_HEAD + frame->length));
    add_packet(pcap, frame->wall, packet, IP_HEAD + UDP_HEAD + frame->length);
}

static bool add_frame(void *user, const struct trace_frame *frame)
{
    struct pcap *pcap = user;
    const struct trace_meaning meaning = trace_decode(&pcap->decoder, frame);
    uint8_t adu[MODBUS_TCP_MAX];
    int length = meaning.intact ? modbus_tcp_build(meaning.transaction, meaning.unit, meaning.pdu,
                                                   meaning.pdu_length, adu, sizeof adu)
                                : -1;
    if (length > 0)
        add_tcp(pcap, frame->wall, frame->kind == TRACE_MASTER ? OTHER_MASTER : BUSBAR,
                meaning.question, adu, (size_t)length);
    else if (frame->length)
        add_udp(pcap, frame);
    return !pcap->out->failed;
}

void trace_write_pcap(const struct trace *trace, struct buf *out)
{
    static const uint8_t head[24] = {
        0xd4,        0xc3, 0xb2, 0xa1, /* times in microseconds, lowest byte first */
        2,           0,    4,    0,    /* version 2.4 */
        0,           0,    0,    0,    /* UTC */
        0,           0,    0,    0,    /* of unknown accuracy */
        0xff,        0xff, 0,    0,    /* longest packet */
        LINK_RAW_IP,
    };
    struct pcap pcap = {.out = out};
    trace_decoder_start(&pcap.decoder, trace);
    buf_add(out, head, sizeof head);
    trace_each(trace, 0, add_frame, &pcap);
}
