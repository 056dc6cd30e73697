#include "face/snmp_mib.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "face/snmp_busbar.h"
#include "face/snmp_trap_notice.h"
#include "model/component.h"
#include "model/quantity.h"

/* To be raised with every change of the objects, as RFC 2578 asks. */
#define LAST_UPDATED "202611210000Z"

#define LINE_MOST 78

/* ---- words ----------------------------------------------------------------------------------- */

/* A sentence in lines that begin with `indent` blanks, in quotation marks. */
static void add_quoted(struct buf *out, int indent, const char *text)
{
    size_t column = (size_t)indent + 1;
    buf_add_format(out, "%*s\"", indent, "");
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, " ");
        if (at != text && column + 1 + length > LINE_MOST) {
            buf_add_format(out, "\n%*s ", indent, "");
            column = (size_t)indent + 1;
        } else if (at != text) {
            buf_add_char(out, ' ');
            column++;
        }
        buf_add(out, at, length);
        column += length;
        at += length + strspn(at + length, " ");
    }
    buf_add_text(out, "\"\n");
}

/* "harmonic-voltage-2" -> "harmonicVoltage2": labels have no hyphens (RFC 2578 section 7.1.1). */
static void add_camel(struct buf *out, const char *name)
{
    bool upper = false;
    if (strcmp(name, "current") == 0) /* a word of SMIv2: parsers stumble over it as a label */
        name = "electric-current";
    for (; *name; name++) {
        if (*name != '-')
            buf_add_char(out, (char)(upper ? toupper((unsigned char)*name) : *name));
        upper = *name == '-';
    }
}

/* "INTEGER { a(1), b(2) }" in lines where it is long. */
static void add_syntax(struct buf *out, const char *syntax)
{
    const char *open = strchr(syntax, '{');
    if (!open || strlen(syntax) < LINE_MOST - 20) {
        buf_add_format(out, "    SYNTAX      %s\n", syntax);
        return;
    }
    buf_add_format(out, "    SYNTAX      %.*s{\n", (int)(open - syntax), syntax);
    for (const char *at = open + 1; *at && *at != '}';) {
        at += strspn(at, " ,");
        size_t length = strcspn(at, ",}");
        while (length && at[length - 1] == ' ')
            length--;
        const char *after = at + length + strspn(at + length, " ");
        buf_add_format(out, "                    %.*s%s\n", (int)length, at,
                       *after == ',' ? "," : "");
        at = after;
    }
    buf_add_text(out, "                }\n");
}

static void add_title(struct buf *out, const char *title)
{
    buf_add_format(out, "-- %s\n\n", title);
}

/* ---- head ------------------------------------------------------------------------------------ */

static void write_head(struct buf *out, uint32_t enterprise)
{
    buf_add_text(out,
                 "BUSBAR-MIB DEFINITIONS ::= BEGIN\n"
                 "\n"
                 "-- Written by `busbar mib`: not to be edited.\n"
                 "\n"
                 "IMPORTS\n"
                 "    MODULE-IDENTITY, OBJECT-TYPE, OBJECT-IDENTITY, NOTIFICATION-TYPE,\n"
                 "    Integer32, Unsigned32, Gauge32, Counter32, Counter64, enterprises\n"
                 "        FROM SNMPv2-SMI\n"
                 "    TEXTUAL-CONVENTION, DateAndTime, TruthValue\n"
                 "        FROM SNMPv2-TC\n"
                 "    MODULE-COMPLIANCE, OBJECT-GROUP, NOTIFICATION-GROUP\n"
                 "        FROM SNMPv2-CONF\n"
                 "    SnmpAdminString\n"
                 "        FROM SNMP-FRAMEWORK-MIB;\n"
                 "\n"
                 "busbarMIB MODULE-IDENTITY\n"
                 "    LAST-UPDATED \"" LAST_UPDATED "\"\n"
                 "    ORGANIZATION \"busbar\"\n"
                 "    CONTACT-INFO\n"
                 "        \"Whoever runs the installation: see sysContact.\"\n"
                 "    DESCRIPTION\n"
                 "        \"The site of a busbar daemon: devices, their components, what is\n"
                 "         measured, what can be switched, and the alarms.\n"
                 "\n"
                 "         A number is only served while its reading is good: old never looks\n"
                 "         new, and unknown is never 0. Indexes are permanent.\"\n"
                 "    REVISION \"" LAST_UPDATED "\"\n"
                 "    DESCRIPTION\n"
                 "        \"The first edition.\"\n");
    buf_add_format(out,
                   "    ::= { busbar 1 }\n\n"
                   "busbar OBJECT IDENTIFIER ::= { enterprises %u }\n\n",
                   enterprise);
    buf_add_format(out,
                   "busbarNotifications OBJECT IDENTIFIER ::= { busbarMIB %d }\n"
                   "busbarObjects       OBJECT IDENTIFIER ::= { busbarMIB %d }\n"
                   "busbarConformance   OBJECT IDENTIFIER ::= { busbarMIB %d }\n\n",
                   SNMP_BUSBAR_NOTIFICATIONS, SNMP_BUSBAR_OBJECTS, SNMP_BUSBAR_CONFORMANCE);
    buf_add_format(out,
                   "busbarAgent OBJECT-IDENTITY\n"
                   "    STATUS      current\n"
                   "    DESCRIPTION\n"
                   "        \"The value of sysObjectID.\"\n"
                   "    ::= { busbarMIB %d }\n\n",
                   SNMP_BUSBAR_AGENT);
}

/* ---- textual conventions --------------------------------------------------------------------- */

/* `hint` may be "". */
static void open_convention(struct buf *out, const char *name, const char *hint, const char *help)
{
    buf_add_format(out, "%s ::= TEXTUAL-CONVENTION\n%s    STATUS      current\n    DESCRIPTION\n",
                   name, hint);
    add_quoted(out, 8, help);
}

static void write_kinds(struct buf *out)
{
    open_convention(out, "BusbarKind", "", "The kind of a component.");
    buf_add_text(out, "    SYNTAX      INTEGER {\n");
    for (int i = 0; i < COMPONENT_KINDS; i++)
        buf_add_format(
            out, "                    %s(%u)%s\n", component_kind_name((enum component_kind)i),
            snmp_component_kind((enum component_kind)i), i + 1 < COMPONENT_KINDS ? "," : "");
    buf_add_text(out, "                }\n\n");
}

static void write_quantities(struct buf *out)
{
    size_t count;
    const struct quantity_row *rows = quantity_rows(&count);
    open_convention(out, "BusbarQuantity", "",
                    "What is measured. Numbers are permanent; later editions add some.");
    buf_add_text(out, "    SYNTAX      INTEGER {\n");
    for (size_t i = 0; i < count; i++) {
        buf_add_text(out, "                    ");
        add_camel(out, rows[i].name);
        buf_add_format(out, "(%d)%s\n", (int)rows[i].number, i + 1 < count ? "," : "");
    }
    buf_add_text(out, "                }\n\n");
}

static void write_conventions(struct buf *out)
{
    add_title(out, "Conventions");
    open_convention(out, "BusbarComponentId", "    DISPLAY-HINT \"d\"\n",
                    "A component of a device: 1000 times its BusbarKind, plus its number "
                    "within the kind. outlet-3 is 6003, phase-b is 2002, total is 1000.");
    buf_add_format(out, "    SYNTAX      Integer32 (%d..%d)\n\n", SNMP_COMPONENT_KIND,
                   (COMPONENT_KINDS + 1) * SNMP_COMPONENT_KIND - 1);
    write_kinds(out);
    write_quantities(out);
}

/* ---- objects --------------------------------------------------------------------------------- */

static void write_object(struct buf *out, const char *name, const char *syntax, const char *access,
                         const char *help)
{
    buf_add_format(out, "%s OBJECT-TYPE\n", name);
    add_syntax(out, syntax);
    buf_add_format(out, "    MAX-ACCESS  %s\n    STATUS      current\n    DESCRIPTION\n", access);
    add_quoted(out, 8, help);
}

static void write_columns(struct buf *out, const struct snmp_group *group, const char *parent)
{
    for (size_t i = 0; i < group->column_count; i++) {
        const struct snmp_column *column = &group->columns[i];
        const char *access = !column->get       ? "not-accessible"
                             : column->writable ? "read-write"
                                                : "read-only";
        write_object(out, column->name, column->syntax, access, column->help);
        buf_add_format(out, "    ::= { %s%s %u }\n\n", group->name, parent, column->number);
    }
}

/* "SnmpAdminString (SIZE (0..64))" without what is in brackets: sequences name types only. */
static void add_type(struct buf *out, const char *syntax)
{
    size_t length = strcspn(syntax, "({");
    while (length && syntax[length - 1] == ' ')
        length--;
    buf_add(out, syntax, length);
}

static void write_sequence(struct buf *out, const struct snmp_group *group)
{
    buf_add_format(out, "B%sEntry ::= SEQUENCE {\n", group->name + 1);
    for (size_t i = 0; i < group->column_count; i++) {
        const struct snmp_column *column = &group->columns[i];
        buf_add_format(out, "    %-28s ", column->name);
        add_type(out, column->syntax);
        buf_add_text(out, i + 1 < group->column_count ? ",\n" : "\n}\n\n");
    }
}

static void write_table(struct buf *out, const struct snmp_group *group)
{
    char name[64], syntax[80];
    snprintf(name, sizeof name, "%sTable", group->name);
    snprintf(syntax, sizeof syntax, "SEQUENCE OF B%sEntry", group->name + 1);
    write_object(out, name, syntax, "not-accessible", group->help);
    buf_add_format(out, "    ::= { busbarObjects %u }\n\n", group->number);
    snprintf(name, sizeof name, "%sEntry", group->name);
    snprintf(syntax, sizeof syntax, "B%sEntry", group->name + 1);
    write_object(out, name, syntax, "not-accessible", "One of them.");
    buf_add_text(out, "    INDEX       { ");
    for (size_t i = 0; group->indexes[i]; i++)
        buf_add_format(out, "%s%s", i ? ", " : "", group->indexes[i]);
    buf_add_format(out, " }\n    ::= { %sTable 1 }\n\n", group->name);
    write_sequence(out, group);
    write_columns(out, group, "Entry");
}

static void write_scalars(struct buf *out, const struct snmp_group *group)
{
    buf_add_format(out, "%s OBJECT IDENTIFIER ::= { busbarObjects %u }\n\n", group->name,
                   group->number);
    write_columns(out, group, "");
}

static void write_groups(struct buf *out)
{
    for (size_t i = 0; snmp_busbar_groups[i]; i++) {
        const struct snmp_group *group = snmp_busbar_groups[i];
        add_title(out, group->help);
        if (group->indexes)
            write_table(out, group);
        else
            write_scalars(out, group);
    }
}

/* ---- notifications --------------------------------------------------------------------------- */

static void write_notice_objects(struct buf *out)
{
    add_title(out, "What notifications carry.");
    buf_add_format(out, "busbarNotice OBJECT IDENTIFIER ::= { busbarObjects %d }\n\n",
                   SNMP_BUSBAR_NOTICE);
    for (size_t i = 0; i < snmp_trap_object_count; i++) {
        const struct snmp_trap_object *object = &snmp_trap_objects[i];
        write_object(out, object->name, object->syntax, "accessible-for-notify", object->help);
        buf_add_format(out, "    ::= { busbarNotice %u }\n\n", object->number);
    }
}

static void write_notifications(struct buf *out)
{
    add_title(out, "Notifications");
    for (size_t i = 0; i < snmp_trap_type_count; i++) {
        const struct snmp_trap_type *type = &snmp_trap_types[i];
        bool first = true;
        buf_add_format(out, "%s NOTIFICATION-TYPE\n    OBJECTS     {\n", type->name);
        for (size_t k = 0; k < snmp_trap_object_count; k++) {
            if (snmp_trap_objects[k].alarms_only && !type->alarm)
                continue;
            buf_add_format(out, "%s                    %s", first ? "" : ",\n",
                           snmp_trap_objects[k].name);
            first = false;
        }
        buf_add_text(out, "\n                }\n    STATUS      current\n    DESCRIPTION\n");
        add_quoted(out, 8, type->help);
        buf_add_format(out, "    ::= { busbarNotifications %u }\n\n", type->number);
    }
}

/* ---- conformance ----------------------------------------------------------------------------- */

static void close_group(struct buf *out, const char *help, unsigned number)
{
    buf_add_text(out, "\n                }\n    STATUS      current\n    DESCRIPTION\n");
    add_quoted(out, 8, help);
    buf_add_format(out, "    ::= { busbarGroups %u }\n\n", number);
}

static void write_object_group(struct buf *out, const struct snmp_group *group)
{
    bool first = true;
    buf_add_format(out, "%sGroup OBJECT-GROUP\n    OBJECTS     {\n", group->name);
    for (size_t i = 0; i < group->column_count; i++) {
        if (!group->columns[i].get)
            continue;
        buf_add_format(out, "%s                    %s", first ? "" : ",\n", group->columns[i].name);
        first = false;
    }
    close_group(out, group->help, group->number);
}

#define NOTIFICATION_GROUP 100 /* behind those of objects */

static void write_notification_groups(struct buf *out)
{
    buf_add_text(out, "busbarNoticeGroup OBJECT-GROUP\n    OBJECTS     {\n");
    for (size_t i = 0; i < snmp_trap_object_count; i++)
        buf_add_format(out, "%s                    %s", i ? ",\n" : "", snmp_trap_objects[i].name);
    close_group(out, "What notifications carry.", SNMP_BUSBAR_NOTICE);
    buf_add_text(out, "busbarNotificationGroup NOTIFICATION-GROUP\n    NOTIFICATIONS {\n");
    for (size_t i = 0; i < snmp_trap_type_count; i++)
        buf_add_format(out, "%s                    %s", i ? ",\n" : "", snmp_trap_types[i].name);
    close_group(out, "All notifications.", NOTIFICATION_GROUP);
}

static void write_conformance(struct buf *out)
{
    add_title(out, "Conformance");
    buf_add_text(out, "busbarCompliances OBJECT IDENTIFIER ::= { busbarConformance 1 }\n"
                      "busbarGroups      OBJECT IDENTIFIER ::= { busbarConformance 2 }\n\n"
                      "busbarCompliance MODULE-COMPLIANCE\n"
                      "    STATUS      current\n"
                      "    DESCRIPTION\n"
                      "        \"What busbar serves.\"\n"
                      "    MODULE      -- this one\n"
                      "    MANDATORY-GROUPS {\n");
    for (size_t i = 0; snmp_busbar_groups[i]; i++)
        buf_add_format(out, "                    %sGroup,\n", snmp_busbar_groups[i]->name);
    buf_add_text(out, "                    busbarNoticeGroup,\n"
                      "                    busbarNotificationGroup\n"
                      "                }\n"
                      "    ::= { busbarCompliances 1 }\n\n");
    for (size_t i = 0; snmp_busbar_groups[i]; i++)
        write_object_group(out, snmp_busbar_groups[i]);
    write_notification_groups(out);
}

void snmp_mib_write(struct buf *out, uint32_t enterprise)
{
    write_head(out, enterprise);
    write_conventions(out);
    write_groups(out);
    write_notice_objects(out);
    write_notifications(out);
    write_conformance(out);
    buf_add_text(out, "END\n");
}
