#include "face/snmp_answer.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(snmp_sub) == sizeof(oid) && SNMP_OID_MOST == MAX_OID_LEN,
               "identifiers pass between Net-SNMP and us as they are");

struct work {
    struct snmp_tree *tree;
    const struct snmp_ask *ask;
    const struct snmp_room *room;
    netsnmp_pdu *pdu;
    size_t used; /* octets of bindings so far */
};

/* ---- values ---------------------------------------------------------------------------------- */

static void put_value(netsnmp_variable_list *variable, const struct snmp_value *value)
{
    const void *bytes = value->bytes;
    size_t length = value->length;
    struct counter64 wide = {.high = value->counter >> 32, .low = value->counter & 0xffffffff};
    switch (value->type) {
    case SNMP_INTEGER:
        bytes = &value->integer;
        length = sizeof value->integer;
        break;
    case SNMP_COUNTER:
    case SNMP_UNSIGNED:
    case SNMP_TICKS:
        bytes = &value->number;
        length = sizeof value->number;
        break;
    case SNMP_COUNTER64:
        bytes = &wide;
        length = sizeof wide;
        break;
    case SNMP_OBJECT:
        length *= sizeof(oid);
        break;
    case SNMP_TEXT:
    case SNMP_ADDRESS:
    case SNMP_NONE:
        break;
    }
    snmp_set_var_typed_value(variable, (u_char)value->type, bytes, length);
}

/* False for what nothing can be set to. A broken message may name a type and a length and have no
 * value: Net-SNMP hands it over as it is. */
static bool take_value(const netsnmp_variable_list *variable, struct snmp_value *value)
{
    if (!variable->val.string)
        return false;
    value->bytes = NULL; /* of another type it has none, whoever looks */
    value->length = 0;
    switch (variable->type) {
    case ASN_INTEGER:
        value->integer = (int32_t)*variable->val.integer;
        break;
    case ASN_COUNTER:
    case ASN_GAUGE:
    case ASN_TIMETICKS:
        value->number = (uint32_t)*variable->val.integer;
        break;
    case ASN_COUNTER64:
        value->counter = (uint64_t)variable->val.counter64->high << 32 |
                         (variable->val.counter64->low & 0xffffffff);
        break;
    case ASN_OCTET_STR:
    case ASN_IPADDRESS:
        value->bytes = variable->val.string;
        value->length = variable->val_len;
        break;
    case ASN_OBJECT_ID:
        value->bytes = variable->val.objid;
        value->length = variable->val_len / sizeof(oid);
        break;
    default:
        return false;
    }
    value->type = (enum snmp_type)variable->type;
    return true;
}

/* ---- one variable ---------------------------------------------------------------------------- */

static bool is_version_1(const struct work *work)
{
    return work->pdu->version == SNMP_VERSION_1;
}

/* noSuchObject, noSuchInstance, endOfMibView: values of version 2, an error in version 1. */
static int put_exception(struct work *work, netsnmp_variable_list *variable, u_char exception)
{
    struct snmp_value none = {.type = SNMP_NONE};
    if (is_version_1(work))
        return SNMP_NO_SUCH_NAME;
    snmp_set_var_typed_value(variable, exception, NULL, 0);
    work->used += snmp_binding_size(variable->name, variable->name_length, &none);
    return SNMP_OK;
}

static int get_one(struct work *work, netsnmp_variable_list *variable)
{
    struct snmp_cell cell;
    struct snmp_value value;
    switch (snmp_tree_get(work->tree, variable->name, variable->name_length, work->ask, &cell,
                          &value)) {
    case SNMP_NO_OBJECT:
        return put_exception(work, variable, SNMP_NOSUCHOBJECT);
    case SNMP_NO_INSTANCE:
        return put_exception(work, variable, SNMP_NOSUCHINSTANCE);
    case SNMP_FOUND:
        break;
    }
    if (is_version_1(work) && value.type == SNMP_COUNTER64) /* RFC 3584 4.2.2.1 */
        return SNMP_NO_SUCH_NAME;
    put_value(variable, &value);
    work->used += snmp_binding_size(variable->name, variable->name_length, &value);
    return SNMP_OK;
}

/* What comes next and has a form in this version. */
static bool find_next(struct work *work, const netsnmp_variable_list *variable,
                      struct snmp_cell *cell, struct snmp_value *value)
{
    bool found =
        snmp_tree_next(work->tree, variable->name, variable->name_length, work->ask, cell, value);
    while (found && is_version_1(work) && value->type == SNMP_COUNTER64)
        found = snmp_tree_step(work->tree, work->ask, cell, value);
    return found;
}

static void put_cell(struct work *work, netsnmp_variable_list *variable,
                     const struct snmp_cell *cell, const struct snmp_value *value)
{
    oid name[SNMP_OID_MOST];
    size_t length = snmp_cell_oid(cell, name);
    snmp_set_var_objid(variable, name, length);
    put_value(variable, value);
    work->used += snmp_binding_size(name, length, value);
}

static int get_next(struct work *work, netsnmp_variable_list *variable)
{
    struct snmp_cell cell;
    struct snmp_value value;
    if (!find_next(work, variable, &cell, &value))
        return put_exception(work, variable, SNMP_ENDOFMIBVIEW);
    put_cell(work, variable, &cell, &value);
    return SNMP_OK;
}

/* ---- GET and GETNEXT ------------------------------------------------------------------------- */

static void answer_each(struct work *work,
                        int (*one)(struct work *work, netsnmp_variable_list *variable))
{
    netsnmp_pdu *pdu = work->pdu;
    long index = 1;
    for (netsnmp_variable_list *at = pdu->variables; at; at = at->next_variable, index++) {
        int status = one(work, at);
        if (status != SNMP_OK) {
            snmp_answer_error(pdu, (enum snmp_status)status, index);
            return;
        }
        if (work->used > work->room->all) {
            snmp_answer_error(pdu, SNMP_TOO_BIG, 0);
            return;
        }
    }
}

/* ---- GETBULK --------------------------------------------------------------------------------- */

/* Where one of the repeated variables has come to. */
struct course {
    struct snmp_cell cell;
    const netsnmp_variable_list *last;
    bool ended;
};

static void cut_after(netsnmp_pdu *pdu, netsnmp_variable_list *last)
{
    netsnmp_variable_list **rest = last ? &last->next_variable : &pdu->variables;
    snmp_free_varbind(*rest);
    *rest = NULL;
}

/* One step of one course into `variable`; false when its binding no longer fits. */
static bool step_course(struct work *work, struct course *course, bool first,
                        netsnmp_variable_list *variable)
{
    struct snmp_value value;
    bool found =
        !course->ended && (first ? find_next(work, variable, &course->cell, &value)
                                 : snmp_tree_step(work->tree, work->ask, &course->cell, &value));
    course->ended = !found;
    if (found) {
        put_cell(work, variable, &course->cell, &value);
    } else {
        if (!first) /* the name of the last one is repeated */
            snmp_set_var_objid(variable, course->last->name, course->last->name_length);
        put_exception(work, variable, SNMP_ENDOFMIBVIEW);
    }
    course->last = variable;
    return work->used <= work->room->bulk;
}

/* Repetitions after the first; `last` is the end of the list. */
static void repeat(struct work *work, struct course *courses, size_t count, long times,
                   netsnmp_variable_list *last)
{
    for (long i = 1; i < times; i++) {
        bool all_ended = true;
        for (size_t k = 0; k < count; k++)
            all_ended = all_ended && courses[k].ended;
        for (size_t k = 0; !all_ended && k < count; k++) {
            netsnmp_variable_list *next = SNMP_MALLOC_TYPEDEF(netsnmp_variable_list);
            if (!next)
                return;
            if (!step_course(work, &courses[k], false, next)) {
                snmp_free_var(next);
                return;
            }
            last->next_variable = next;
            last = next;
        }
        if (all_ended)
            return;
    }
}

/* The repeated variables from `first` on, which follows `before` (NULL: is the first of all). */
static void answer_repeated(struct work *work, netsnmp_variable_list *before,
                            netsnmp_variable_list *first, long times)
{
    size_t count = count_varbinds(first), done = 0;
    struct course *courses = calloc(count, sizeof *courses);
    if (!courses) {
        snmp_answer_error(work->pdu, SNMP_GENERAL, 0);
        return;
    }
    netsnmp_variable_list *last = before;
    for (netsnmp_variable_list *at = first; at; at = at->next_variable, done++) {
        if (!step_course(work, &courses[done], true, at))
            break;
        last = at;
    }
    if (done < count)
        cut_after(work->pdu, last);
    else
        repeat(work, courses, count, times, last);
    free(courses);
    if (!work->pdu->variables)
        snmp_answer_error(work->pdu, SNMP_TOO_BIG, 0);
}

static void answer_bulk(struct work *work)
{
    netsnmp_pdu *pdu = work->pdu;
    long single = pdu->errstat, times = pdu->errindex; /* non-repeaters, max-repetitions */
    netsnmp_variable_list *before = NULL, *at = pdu->variables;
    pdu->errstat = pdu->errindex = 0;
    for (; at && single > 0; at = at->next_variable, single--) {
        get_next(work, at);
        if (work->used > work->room->bulk) {
            cut_after(pdu, before);
            if (!before)
                snmp_answer_error(pdu, SNMP_TOO_BIG, 0);
            return;
        }
        before = at;
    }
    if (at && times > 0)
        answer_repeated(work, before, at, times);
    else if (at)
        cut_after(pdu, before);
}

/* ---- SET ------------------------------------------------------------------------------------- */

static int find_item(const struct work *work, const netsnmp_variable_list *variable,
                     struct snmp_set_item *item)
{
    struct snmp_cell cell;
    if (work->ask->role < ROLE_CONTROL)
        return SNMP_NO_ACCESS;
    enum snmp_found found =
        snmp_tree_get(work->tree, variable->name, variable->name_length, work->ask, &cell, NULL);
    if (found == SNMP_NO_OBJECT)
        return SNMP_NOT_WRITABLE;
    if (found == SNMP_NO_INSTANCE)
        return SNMP_NO_CREATION;
    item->table = cell.table;
    item->column = &cell.table->columns[cell.column];
    item->row = &cell.table->list[cell.row];
    if (!item->column->writable || !item->table->set)
        return SNMP_NOT_WRITABLE;
    return take_value(variable, &item->value) ? SNMP_OK : SNMP_WRONG_TYPE;
}

static int set_item(const struct snmp_set *set, size_t at, bool commit)
{
    const struct snmp_table *table = set->items[at].table;
    return table->set(table->user, set, at, commit);
}

/* Everything is checked before anything is done. */
static void set_all(struct work *work, const struct snmp_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        int status = set_item(set, i, false);
        if (status != SNMP_OK) {
            snmp_answer_error(work->pdu, (enum snmp_status)status, (long)i + 1);
            return;
        }
    }
    for (size_t i = 0; i < set->count; i++) {
        if (set_item(set, i, true) == SNMP_OK)
            continue;
        if (i == 0)
            snmp_answer_error(work->pdu, SNMP_COMMIT_FAILED, 1);
        else /* what was accepted goes on: RFC 3416 4.2.5 */
            snmp_answer_error(work->pdu, SNMP_UNDO_FAILED, 0);
        return;
    }
}

static void answer_set(struct work *work)
{
    struct snmp_set_item items[SNMP_SET_MOST];
    struct snmp_set set = {.ask = work->ask, .items = items};
    for (netsnmp_variable_list *at = work->pdu->variables; at; at = at->next_variable) {
        int status =
            set.count == SNMP_SET_MOST ? SNMP_RESOURCES : find_item(work, at, &items[set.count]);
        set.count++;
        if (status != SNMP_OK) {
            snmp_answer_error(work->pdu, (enum snmp_status)status, (long)set.count);
            return;
        }
    }
    set_all(work, &set);
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* RFC 3584 4.4 */
static enum snmp_status version_1_status(enum snmp_status status)
{
    static const unsigned char mapped[] = {
        [SNMP_NO_ACCESS] = SNMP_NO_SUCH_NAME,         [SNMP_WRONG_TYPE] = SNMP_BAD_VALUE,
        [SNMP_WRONG_LENGTH] = SNMP_BAD_VALUE,         [SNMP_WRONG_ENCODING] = SNMP_BAD_VALUE,
        [SNMP_WRONG_VALUE] = SNMP_BAD_VALUE,          [SNMP_NO_CREATION] = SNMP_NO_SUCH_NAME,
        [SNMP_INCONSISTENT_VALUE] = SNMP_BAD_VALUE,   [SNMP_RESOURCES] = SNMP_GENERAL,
        [SNMP_COMMIT_FAILED] = SNMP_GENERAL,          [SNMP_UNDO_FAILED] = SNMP_GENERAL,
        [SNMP_AUTHORIZATION] = SNMP_NO_SUCH_NAME,     [SNMP_NOT_WRITABLE] = SNMP_NO_SUCH_NAME,
        [SNMP_INCONSISTENT_NAME] = SNMP_NO_SUCH_NAME,
    };
    return status < SNMP_NO_ACCESS ? status : (enum snmp_status)mapped[status];
}

void snmp_answer_error(netsnmp_pdu *pdu, enum snmp_status status, long index)
{
    bool version_1 = pdu->version == SNMP_VERSION_1;
    pdu->errstat = version_1 ? version_1_status(status) : status;
    pdu->errindex = index;
    if (status == SNMP_TOO_BIG && !version_1) { /* RFC 3416 4.2.1: without bindings */
        snmp_free_varbind(pdu->variables);
        pdu->variables = NULL;
    }
}

static bool dispatch(struct work *work, int command)
{
    switch (command) {
    case SNMP_MSG_GET:
        answer_each(work, get_one);
        return true;
    case SNMP_MSG_GETNEXT:
        answer_each(work, get_next);
        return true;
    case SNMP_MSG_GETBULK:
        answer_bulk(work);
        return true;
    case SNMP_MSG_SET:
        answer_set(work);
        return true;
    default:
        return false;
    }
}

/* An answer with an error carries the bindings of the request, as they were. */
static void restore(netsnmp_pdu *pdu, netsnmp_variable_list *request)
{
    if (pdu->errstat == SNMP_OK || !pdu->variables) {
        snmp_free_varbind(request);
        return;
    }
    snmp_free_varbind(pdu->variables);
    pdu->variables = request;
}

bool snmp_answer(struct snmp_tree *tree, const struct snmp_ask *ask, const struct snmp_room *room,
                 netsnmp_pdu *pdu)
{
    struct work work = {.tree = tree, .ask = ask, .room = room, .pdu = pdu};
    int command = pdu->command;
    if (command == SNMP_MSG_GETBULK && pdu->version == SNMP_VERSION_1)
        return false;
    if (command != SNMP_MSG_GETBULK)
        pdu->errstat = pdu->errindex = 0;
    bool in_place = command == SNMP_MSG_GET || command == SNMP_MSG_GETNEXT;
    netsnmp_variable_list *request =
        in_place && pdu->version == SNMP_VERSION_1 ? snmp_clone_varbind(pdu->variables) : NULL;
    bool answered = dispatch(&work, command);
    if (answered && snmp_tree_failed(tree))
        snmp_answer_error(pdu, SNMP_GENERAL, 0);
    if (request)
        restore(pdu, request);
    pdu->command = SNMP_MSG_RESPONSE;
    return answered;
}
