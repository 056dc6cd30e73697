#include "face/snmp_trap_notice.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "face/snmp_busbar.h"
#include "face/snmp_ups_look.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* snmpTraps of RFC 3418. */
enum { COLD_START = 1, WARM_START = 2, AUTHENTICATION_FAILURE = 5 };

/* Our own; permanent numbers. */
enum {
    TYPE_RAISED = 1,
    TYPE_CLEARED,
    TYPE_REPEATED,
    TYPE_ACKNOWLEDGED,
    TYPE_CONTROL,
    TYPE_REPORT,
    TYPE_TEST,
    TYPE_LOSS,
    TYPE_EVENT,
};

const struct snmp_trap_type snmp_trap_types[] = {
    {TYPE_RAISED, "busbarAlarmRaised", "An alarm has tripped.", true},
    {TYPE_CLEARED, "busbarAlarmCleared",
     "An alarm has recovered, or was cleared by a person while latched.", true},
    {TYPE_REPEATED, "busbarAlarmRepeated", "An alarm still holds; its rule wants it said again.",
     true},
    {TYPE_ACKNOWLEDGED, "busbarAlarmAcknowledged", "Somebody has seen an alarm that holds.", true},
    {TYPE_CONTROL, "busbarControl", "Something was switched.", false},
    {TYPE_REPORT, "busbarReport", "A periodic report of how things stand.", false},
    {TYPE_TEST, "busbarTest", "Somebody asked for a test. Nothing has happened.", false},
    {TYPE_LOSS, "busbarNoticesLost", "Notices were given up because the queue was full.", false},
    {TYPE_EVENT, "busbarEvent", "Something that the event log has.", false},
};
const size_t snmp_trap_type_count = COUNT(snmp_trap_types);

/* ---- variables ------------------------------------------------------------------------------- */

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

/* 64 bits as text: v1 has no number as large. */
static bool get_id(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return snmp_format(value, "%" PRIu64, source->notice->id);
}

static bool get_time(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return snmp_date(value, source->notice->wall);
}

static bool get_severity(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return snmp_integer(value, (int64_t)source->notice->severity + 1);
}

static bool get_path(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return snmp_text(value, or_empty(source->notice->path));
}

/* The path of an alarm begins with it, that of a lost contact is it; events are about other things
 * too. */
static bool get_device(const struct snmp_trap_source *source, struct snmp_value *value)
{
    const char *path = or_empty(source->notice->path);
    size_t length = strcspn(path, "/");
    bool device = path[length] || source->notice->kind == NOTICE_ALARM;
    return snmp_octets(value, path, device && length < SNMP_TEXT_MOST ? length : 0);
}

static bool get_label(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return snmp_text(value, or_empty(source->notice->label));
}

static bool get_text(const struct snmp_trap_source *source, struct snmp_value *value)
{
    const char *text = or_empty(source->notice->text);
    return snmp_text(value, *text ? text : or_empty(source->notice->subject));
}

/* A decimal number as people write it; "" when there is none. */
static bool decimal(double number, int decimals, struct snmp_value *value)
{
    if (!isfinite(number))
        return snmp_text(value, "");
    struct buf text = BUF_EMPTY;
    int digits = decimals < 0 ? 0 : decimals > 9 ? 9 : decimals;
    buf_add_decimal(&text, number, digits);
    snmp_format(value, "%.60s", buf_text(&text));
    buf_deinit(&text);
    return true;
}

static bool get_value(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return decimal(source->notice->number, source->notice->decimals, value);
}

static bool get_limit(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return decimal(source->notice->limit, source->notice->decimals, value);
}

static bool get_unit(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return snmp_text(value, or_empty(source->notice->unit));
}

static bool get_actor(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return snmp_text(value, or_empty(source->notice->actor));
}

static bool get_origin(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return snmp_text(value, or_empty(source->notice->origin));
}

static bool get_rule(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return snmp_text(value, or_empty(source->notice->rule));
}

static bool get_alarm(const struct snmp_trap_source *source, struct snmp_value *value)
{
    return snmp_unsigned(value, source->notice->alarm);
}

/* What holds after the change. */
static bool get_state(const struct snmp_trap_source *source, struct snmp_value *value)
{
    enum { NORMAL = 1, TRIPPED, ACKNOWLEDGED };
    static const uint8_t states[ALARM_CHANGES] = {
        [ALARM_RAISED] = TRIPPED,    [ALARM_CLEARED] = NORMAL,   [ALARM_REPEATED] = TRIPPED,
        [ALARM_SEEN] = ACKNOWLEDGED, [ALARM_SILENCED] = TRIPPED, [ALARM_TOUCHED] = TRIPPED,
    };
    return snmp_integer(value, states[source->notice->change]);
}

#define TEXT_SYNTAX "SnmpAdminString (SIZE (0..255))"

const struct snmp_trap_object snmp_trap_objects[] = {
    {1, "busbarNoticeId", TEXT_SYNTAX,
     "The same when a notice is sent again, so that it can be told from a new one.", false, get_id},
    {2, "busbarNoticeTime", "OCTET STRING (SIZE (0 | 11))",
     "When it happened, as DateAndTime of SNMPv2-TC in UTC; empty while the time was not known.",
     false, get_time},
    {3, "busbarNoticeSeverity", "INTEGER { info(1), warning(2), critical(3) }",
     "How much harm there is.", false, get_severity},
    {4, "busbarNoticeDevice", TEXT_SYNTAX, "Name of the device, empty when there is none.", false,
     get_device},
    {5, "busbarNoticePath", TEXT_SYNTAX,
     "Path of the point or component: device, component, quantity.", false, get_path},
    {6, "busbarNoticeLabel", TEXT_SYNTAX, "What people call it.", false, get_label},
    {7, "busbarNoticeText", TEXT_SYNTAX, "What has happened, in words.", false, get_text},
    {8, "busbarNoticeRule", TEXT_SYNTAX, "Name of the alarm's rule, or of the event.", false,
     get_rule},
    {9, "busbarNoticeActor", TEXT_SYNTAX, "Who did it; empty when nobody in particular.", false,
     get_actor},
    {10, "busbarNoticeOrigin", TEXT_SYNTAX, "From where it was done.", false, get_origin},
    {11, "busbarNoticeValue", TEXT_SYNTAX,
     "The reading that decided, a decimal number; empty when there is none.", true, get_value},
    {12, "busbarNoticeLimit", TEXT_SYNTAX,
     "What the reading is held against, a decimal number; empty when there is none.", true,
     get_limit},
    {13, "busbarNoticeUnit", TEXT_SYNTAX, "Unit of value and limit.", true, get_unit},
    {14, "busbarNoticeState", "INTEGER { normal(1), tripped(2), acknowledged(3) }",
     "How the alarm stands after this change.", true, get_state},
    {15, "busbarNoticeAlarm", "Unsigned32",
     "Number of the alarm: the same when it is raised, repeated and cleared.", true, get_alarm},
};
const size_t snmp_trap_object_count = COUNT(snmp_trap_objects);

/* ---- notifications --------------------------------------------------------------------------- */

/* Cold when the machine has come up, warm when only the program has. */
static uint32_t standard_of(const struct snmp_trap_source *source)
{
    switch (source->notice->kind) {
    case NOTICE_BOOT:
        return source->cold ? COLD_START : WARM_START;
    case NOTICE_SIGN_IN_REFUSED:
        return AUTHENTICATION_FAILURE;
    default:
        return 0;
    }
}

static uint32_t type_of(const struct notice *notice)
{
    static const uint32_t of_changes[ALARM_CHANGES] = {
        [ALARM_RAISED] = TYPE_RAISED,     [ALARM_CLEARED] = TYPE_CLEARED,
        [ALARM_REPEATED] = TYPE_REPEATED, [ALARM_SEEN] = TYPE_ACKNOWLEDGED,
        [ALARM_SILENCED] = TYPE_REPEATED, [ALARM_TOUCHED] = TYPE_REPEATED,
    };
    static const uint32_t of_kinds[NOTICE_KINDS] = {
        [NOTICE_CONTROL] = TYPE_CONTROL, [NOTICE_REPORT] = TYPE_REPORT, [NOTICE_TEST] = TYPE_TEST,
        [NOTICE_LOSS] = TYPE_LOSS,       [NOTICE_EVENT] = TYPE_EVENT,
    };
    return notice->kind == NOTICE_ALARM ? of_changes[notice->change] : of_kinds[notice->kind];
}

/* An identifier of our own MIB: notifications are ROOT.0.N, so that v1 has them as specific trap N
 * of the enterprise ROOT (RFC 3584 3.2), their variables scalars of one group. */
static size_t own_name(uint32_t *name, uint32_t enterprise, uint32_t below)
{
    snmp_sub oid[SNMP_ENTRY_MOST];
    size_t length = snmp_busbar_oid(enterprise, below, oid);
    for (size_t i = 0; i < length; i++)
        name[i] = (uint32_t)oid[i];
    return length;
}

static size_t set_trap(uint32_t *trap, const struct snmp_trap_source *source, uint32_t enterprise)
{
    const uint32_t standard[] = {1, 3, 6, 1, 6, 3, 1, 1, 5, standard_of(source)};
    if (standard_of(source)) {
        memcpy(trap, standard, sizeof standard);
        return COUNT(standard);
    }
    size_t length = own_name(trap, enterprise, SNMP_BUSBAR_NOTIFICATIONS);
    trap[length++] = type_of(source->notice);
    return length;
}

static void add_variable(struct snmp_trap_notice *out, const struct snmp_trap_object *object,
                         const struct snmp_trap_source *source, uint32_t enterprise)
{
    size_t at = out->notification.count++;
    assert(at < SNMP_TRAP_VARIABLES);
    uint32_t *name = out->names[at];
    size_t length = own_name(name, enterprise, SNMP_BUSBAR_OBJECTS);
    name[length++] = SNMP_BUSBAR_NOTICE;
    name[length++] = object->number;
    name[length++] = 0;
    struct snmp_value *value = &out->values[at];
    object->get(source, value);
    out->variables[at] = (struct snmp_packet_variable){
        .name = name, .name_length = length, .type = (uint8_t)value->type};
    if (value->type == SNMP_INTEGER)
        out->variables[at].number = value->integer;
    else if (value->type == SNMP_UNSIGNED)
        out->variables[at].number = value->number;
    else
        out->variables[at].bytes = value->bytes, out->variables[at].length = value->length;
}

/* ---- traps of UPS-MIB (RFC 1628) ------------------------------------------------------------- */

#define UPS 1, 3, 6, 1, 2, 1, 33

static void add_ups(struct snmp_trap_notice *out, const uint32_t *name, size_t length,
                    double number)
{
    size_t at = out->notification.count++;
    memcpy(out->names[at], name, length * sizeof *name);
    out->variables[at] = (struct snmp_packet_variable){
        .name = out->names[at],
        .name_length = length,
        .type = SNMP_BER_INTEGER,
        .number = isfinite(number) ? (int64_t)fmin(fmax(number, 0), INT32_MAX) : 0};
}

/* upsTrapOnBattery: minutes left, seconds on battery, minutes that count as low. */
static void add_on_battery(struct snmp_trap_notice *out, const struct notice *notice)
{
    static const uint32_t left[] = {UPS, 1, 2, 3, 0}, since[] = {UPS, 1, 2, 2, 0},
                          low[] = {UPS, 1, 9, 7, 0};
    add_ups(out, left, COUNT(left), notice->number);
    add_ups(out, since, COUNT(since), notice->limit);
    add_ups(out, low, COUNT(low), SNMP_UPS_LOW_MINUTES);
}

/* upsTrapAlarmEntryAdded and -Removed: upsAlarmId and upsAlarmDescr of the row, whose index is the
 * number of the well-known alarm, as in the table. */
static void add_ups_alarm(struct snmp_trap_notice *out, const struct notice *notice)
{
    const uint32_t id[] = {UPS, 1, 6, 2, 1, 1, notice->alarm};
    const uint32_t descr[] = {UPS, 1, 6, 2, 1, 2, notice->alarm};
    const uint32_t well_known[] = {UPS, 1, 6, 3, notice->alarm};
    add_ups(out, id, COUNT(id), notice->alarm);
    add_ups(out, descr, COUNT(descr), 0);
    memcpy(out->alarm, well_known, sizeof well_known);
    struct snmp_packet_variable *variable = &out->variables[out->notification.count - 1];
    variable->type = SNMP_BER_OID;
    variable->bytes = out->alarm;
    variable->length = COUNT(well_known);
}

static void init_ups(struct snmp_trap_notice *out, const struct notice *notice)
{
    enum { ON_BATTERY = 1, TEST_COMPLETED, ALARM_ADDED, ALARM_REMOVED };
    bool on_battery = notice->change == ALARM_REPEATED;
    const uint32_t trap[] = {UPS, 2,
                             on_battery                       ? ON_BATTERY
                             : notice->change == ALARM_RAISED ? ALARM_ADDED
                                                              : ALARM_REMOVED};
    memcpy(out->trap, trap, sizeof trap);
    out->notification.trap_length = COUNT(trap);
    if (on_battery)
        add_on_battery(out, notice);
    else
        add_ups_alarm(out, notice);
}

void snmp_trap_notice_init(struct snmp_trap_notice *out, const struct snmp_trap_source *source,
                           uint32_t enterprise, clock_us uptime)
{
    const struct notice *notice = source->notice;
    out->notification = (struct snmp_packet_notification){
        .uptime_cs = (uint32_t)(uptime / (CLOCK_S / 100)), /* wraps as TimeTicks do */
        .trap = out->trap,
        .variables = out->variables,
    };
    if (notice->kind == NOTICE_UPS) {
        init_ups(out, notice);
        return;
    }
    out->notification.trap_length = set_trap(out->trap, source, enterprise);
    for (size_t i = 0; i < COUNT(snmp_trap_objects); i++) {
        if (notice->kind == NOTICE_ALARM || !snmp_trap_objects[i].alarms_only)
            add_variable(out, &snmp_trap_objects[i], source, enterprise);
    }
}
