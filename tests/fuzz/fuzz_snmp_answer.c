/* Requests of SNMP as Net-SNMP decodes them, against the tree over a small site: whatever comes,
 * the answer is one that RFC 3416 (or RFC 1157) allows, and as large as it may be. First octet:
 * version and role, second: room; then the PDU. */

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/saver.h"
#include "face/snmp_answer.h"
#include "face/snmp_busbar.h"
#include "face/snmp_state.h"
#include "face/snmp_system.h"
#include "model/config.h"
#include "model/site.h"
#include "model/site_settings.h"

#define MUST(true_thing)                                                                           \
    do {                                                                                           \
        if (!(true_thing))                                                                         \
            abort();                                                                               \
    } while (0)

static struct clock fuzz_clock;
static uint32_t counters[SNMP_COUNTERS];
static struct snmp_model model;
static struct snmp_tree *tree;
static struct snmp_ask ask;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_device(struct site *site, const char *name)
{
    struct device *device =
        site_device_add(site, &(struct device_spec){.name = name, .role = "pdu", .every = CLOCK_S});
    for (int i = 1; i < 9; i++) {
        struct component *outlet = device_component(device, COMPONENT_OUTLET, i);
        struct point *current = component_point_add(outlet, QUANTITY_CURRENT);
        struct point *energy = component_point_add(outlet, QUANTITY_ENERGY);
        component_point_add(outlet, QUANTITY_STATE); /* never read */
        point_put(current, i * 1.5, CLOCK_S, CLOCK_S);
        point_put(energy, i * 1e7, CLOCK_S, CLOCK_S);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct setting_table *const tables[] = {&site_settings_table, NULL};
    static const struct config_schema schema = {.tables = tables};
    static char folder[] = "/tmp/busbar-fuzz-snmp-XXXXXX";
    struct err_list errors = ERR_LIST_EMPTY;
    (void)argc;
    (void)argv;
    MUST(mkdtemp(folder));
    fuzz_clock = clock_fake(1790000000LL * CLOCK_S);
    struct loop *loop = loop_new(&fuzz_clock);
    struct site *site = site_new(loop);
    add_device(site, "a");
    add_device(site, "b");
    model = (struct snmp_model){.loop = loop,
                                .site = site,
                                .config = config_load(&schema, NULL, NULL, NULL, 0, &errors),
                                .state = snmp_state_open(loop, saver_new(loop), folder),
                                .enterprise = 32473,
                                .counters = counters};
    tree = snmp_tree_new();
    MUST(model.config && snmp_system_part.make(&model, tree) &&
         snmp_busbar_part.make(&model, tree));
    ask = (struct snmp_ask){.now = loop_now(loop), .actor = "fuzz", .origin = "::1"};
    return 0;
}

static void check(const netsnmp_pdu *pdu, bool version_1, bool bulk, const struct snmp_room *room)
{
    size_t used = 0;
    long count = 0;
    MUST(pdu->command == SNMP_MSG_RESPONSE);
    MUST(pdu->errstat >= 0 && pdu->errstat <= (version_1 ? SNMP_GENERAL : SNMP_INCONSISTENT_NAME));
    for (const netsnmp_variable_list *at = pdu->variables; at; at = at->next_variable, count++)
        used += at->type == ASN_OCTET_STR ? at->val_len : 1;
    MUST(pdu->errindex >= 0 && pdu->errindex <= count);
    MUST(!bulk || used <= room->bulk);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    netsnmp_pdu *pdu = snmp_pdu_create(0);
    size_t length = size - 2;
    u_char *bytes = malloc(length);
    memcpy(bytes, data + 2, length);
    const struct snmp_room room = {.all = data[1] * 32u, .bulk = data[1] * 16u};
    ask.role = data[0] & 2 ? ROLE_CONTROL : ROLE_VIEW;
    if (snmp_pdu_parse(pdu, bytes, &length) == 0) {
        bool version_1 = data[0] & 1, bulk = pdu->command == SNMP_MSG_GETBULK;
        pdu->version = version_1 ? SNMP_VERSION_1 : SNMP_VERSION_2c;
        if (snmp_answer(tree, &ask, &room, pdu))
            check(pdu, version_1, bulk, &room);
    }
    snmp_free_pdu(pdu);
    free(bytes);
    return 0;
}
