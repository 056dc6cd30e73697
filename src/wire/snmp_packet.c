#include "wire/snmp_packet.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const uint32_t sys_up_time[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};
static const uint32_t snmp_trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};

/* The traps of RFC 3418, in v1 numbered and without an enterprise of their own. */
static const uint32_t snmp_traps[] = {1, 3, 6, 1, 6, 3, 1, 1, 5};
#define GENERIC_TRAPS 6
#define ENTERPRISE_SPECIFIC 6

/* ---- writing --------------------------------------------------------------------------------- */

static void put_variable(struct snmp_ber_writer *writer,
                         const struct snmp_packet_variable *variable)
{
    size_t before = snmp_ber_length(writer);
    switch (variable->type) {
    case SNMP_BER_INTEGER:
        snmp_ber_put_int(writer, variable->type, variable->number);
        break;
    case SNMP_BER_OCTETS:
        snmp_ber_put_bytes(writer, variable->type, variable->bytes, variable->length);
        break;
    case SNMP_BER_OID:
        snmp_ber_put_oid(writer, variable->bytes, variable->length);
        break;
    default:
        snmp_ber_put_unsigned(writer, variable->type, (uint64_t)variable->number);
    }
    snmp_ber_put_oid(writer, variable->name, variable->name_length);
    snmp_ber_wrap(writer, SNMP_BER_SEQUENCE, before);
}

static void put_variables(struct snmp_ber_writer *writer,
                          const struct snmp_packet_variable *variables, size_t count)
{
    for (size_t i = count; i > 0; i--)
        put_variable(writer, &variables[i - 1]);
}

/* Header of the PDU whose variables were put since `before`. */
static void wrap_pdu(struct snmp_ber_writer *writer, enum snmp_packet_pdu type, int32_t request_id,
                     size_t before)
{
    snmp_ber_wrap(writer, SNMP_BER_SEQUENCE, before);
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, 0); /* error-index */
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, 0); /* error-status */
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, request_id);
    snmp_ber_wrap(writer, (uint8_t)type, before);
}

void snmp_packet_put_pdu(struct snmp_ber_writer *writer, enum snmp_packet_pdu type,
                         int32_t request_id, const struct snmp_packet_variable *variables,
                         size_t count)
{
    size_t before = snmp_ber_length(writer);
    put_variables(writer, variables, count);
    wrap_pdu(writer, type, request_id, before);
}

void snmp_packet_put_notification(struct snmp_ber_writer *writer, enum snmp_packet_pdu type,
                                  int32_t request_id,
                                  const struct snmp_packet_notification *notification)
{
    const struct snmp_packet_variable first[] = {
        {sys_up_time, COUNT(sys_up_time), SNMP_BER_TIME_TICKS, notification->uptime_cs, NULL, 0},
        {snmp_trap_oid, COUNT(snmp_trap_oid), SNMP_BER_OID, 0, notification->trap,
         notification->trap_length},
    };
    size_t before = snmp_ber_length(writer);
    put_variables(writer, notification->variables, notification->count);
    put_variables(writer, first, COUNT(first));
    wrap_pdu(writer, type, request_id, before);
}

/* Who sends, in v1's terms. A standard trap has the OID of all of them for an enterprise; one of
 * ours has what is left when its last arc, and a zero before it, go: that arc is the number. */
struct trap1 {
    const uint32_t *enterprise;
    size_t enterprise_length;
    uint32_t generic, specific;
};

static struct trap1 trap1_of(const uint32_t *trap, size_t length)
{
    size_t standard = COUNT(snmp_traps);
    if (length == standard + 1 && memcmp(trap, snmp_traps, sizeof snmp_traps) == 0 &&
        trap[standard] >= 1 && trap[standard] <= GENERIC_TRAPS)
        return (struct trap1){snmp_traps, standard, trap[standard] - 1, 0};
    size_t tail = length > 2 && trap[length - 2] == 0 ? 2 : 1;
    return (struct trap1){trap, length - tail, ENTERPRISE_SPECIFIC, trap[length - 1]};
}

void snmp_packet_put_trap1(struct snmp_ber_writer *writer, const uint8_t address[4],
                           const struct snmp_packet_notification *notification)
{
    const struct trap1 trap = trap1_of(notification->trap, notification->trap_length);
    size_t before = snmp_ber_length(writer);
    put_variables(writer, notification->variables, notification->count);
    snmp_ber_wrap(writer, SNMP_BER_SEQUENCE, before);
    snmp_ber_put_unsigned(writer, SNMP_BER_TIME_TICKS, notification->uptime_cs);
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, trap.specific);
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, trap.generic);
    snmp_ber_put_bytes(writer, SNMP_BER_IP_ADDRESS, address, 4);
    snmp_ber_put_oid(writer, trap.enterprise, trap.enterprise_length);
    snmp_ber_wrap(writer, SNMP_PACKET_TRAP1, before);
}

void snmp_packet_wrap(struct snmp_ber_writer *writer, int version, const char *community)
{
    snmp_ber_put_bytes(writer, SNMP_BER_OCTETS, community, strlen(community));
    snmp_ber_put_int(writer, SNMP_BER_INTEGER, version);
    snmp_ber_wrap(writer, SNMP_BER_SEQUENCE, 0);
}

/* ---- reading --------------------------------------------------------------------------------- */

bool snmp_packet_read_pdu(struct snmp_ber_reader reader, struct snmp_packet_answer *answer)
{
    *answer = (struct snmp_packet_answer){.type = snmp_ber_peek(&reader)};
    if (answer->type != SNMP_PACKET_RESPONSE && answer->type != SNMP_PACKET_REPORT)
        return false;
    struct snmp_ber_reader pdu = snmp_ber_enter(&reader, (uint8_t)answer->type);
    answer->request_id = (int32_t)snmp_ber_get_int(&pdu, SNMP_BER_INTEGER);
    answer->error = snmp_ber_get_int(&pdu, SNMP_BER_INTEGER);
    snmp_ber_get_int(&pdu, SNMP_BER_INTEGER);
    struct snmp_ber_reader list = snmp_ber_enter(&pdu, SNMP_BER_SEQUENCE);
    if (pdu.failed)
        return false;
    if (snmp_ber_peek(&list) < 0)
        return true;
    struct snmp_ber_reader variable = snmp_ber_enter(&list, SNMP_BER_SEQUENCE);
    answer->name_length = snmp_ber_get_oid(&variable, answer->name);
    return !list.failed && !variable.failed;
}

bool snmp_packet_read(const void *bytes, size_t length, const char *community,
                      struct snmp_packet_answer *answer)
{
    struct snmp_ber_reader whole = snmp_ber_reader(bytes, length);
    struct snmp_ber_reader message = snmp_ber_enter(&whole, SNMP_BER_SEQUENCE);
    int64_t version = snmp_ber_get_int(&message, SNMP_BER_INTEGER);
    struct snmp_ber_reader word = snmp_ber_enter(&message, SNMP_BER_OCTETS);
    if (message.failed || word.failed || version != SNMP_PACKET_V2C)
        return false;
    size_t word_length = (size_t)(word.end - word.at);
    if (word_length != strlen(community) || memcmp(word.at, community, word_length) != 0)
        return false;
    return snmp_packet_read_pdu(message, answer);
}
