#include "face/snmp_library.h"

#include <assert.h>
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/library/lcd_time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "face/snmp_state.h"

#define APPLICATION "busbar"
#define NOWHERE "/dev/null"

void snmp_library_prepare(void)
{
    /* Empty, not missing: else it looks for MIB files in several folders, the user's among them. */
    setenv("MIBS", "", 1);
    setenv("MIBDIRS", "", 1);
}

/* Whatever it has to say about packets of strangers is for those who look closely. */
static int on_log(int major, int minor, void *server, void *client)
{
    const struct snmp_log_message *message = server;
    (void)major;
    (void)minor;
    (void)client;
    size_t length = strcspn(message->msg, "\n");
    log_debug("snmp", "%.*s", (int)length, message->msg);
    return 0;
}

static void set(int which)
{
    netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, which, 1);
}

/* Without files of its own the library believes that this engine starts for the first time: then
 * messages of earlier starts would be taken again. What it reads from a file is one less than what
 * it counts. */
static void set_boots(const uint8_t *engine, size_t length, uint32_t boots)
{
    char before[16];
    snprintf(before, sizeof before, "%u", boots - 1);
    engineBoots_conf("engineBoots", before);
    assert(snmpv3_local_snmpEngineBoots() == boots);
    set_enginetime(engine, (u_int)length, boots, (u_int)snmpv3_local_snmpEngineTime(), TRUE);
}

void snmp_library_start(const struct snmp_state *state)
{
    static const int switched_off[] = {
        NETSNMP_DS_LIB_DONT_READ_CONFIGS,       NETSNMP_DS_LIB_DONT_PERSIST_STATE,
        NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE,
        NETSNMP_DS_LIB_ALARM_DONT_USE_SIG,
    };
    size_t length;
    const uint8_t *engine = snmp_state_engine(state, &length);
    snmp_disable_log();
    snmp_enable_calllog();
    snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, on_log, NULL);
    for (size_t i = 0; i < sizeof switched_off / sizeof *switched_off; i++)
        set(switched_off[i]);
    /* It looks for certificates, and makes folders for them, whatever else is switched off: where
     * there can be none. */
    set_configuration_directory(NOWHERE);
    set_persistent_directory(NOWHERE);
    /* The engine's identity must stand before init_snmp() takes it up. */
    set_exact_engineID(engine, length);
    init_snmp(APPLICATION);
    set_boots(engine, length, snmp_state_boots(state));
}

void snmp_library_stop(void)
{
    snmp_shutdown(APPLICATION);
}

void snmp_library_count(uint32_t *counters)
{
    static const struct {
        enum snmp_counter counter;
        int statistic;
    } rows[] = {
        {SNMP_IN_BAD_VERSIONS, STAT_SNMPINBADVERSIONS},
        {SNMP_IN_PARSE_ERRORS, STAT_SNMPINASNPARSEERRS},
        {SNMP_UNKNOWN_SECURITY_MODELS, STAT_SNMPUNKNOWNSECURITYMODELS},
        {SNMP_INVALID_MESSAGES, STAT_SNMPINVALIDMSGS},
        {SNMP_UNKNOWN_PDU_HANDLERS, STAT_SNMPUNKNOWNPDUHANDLERS},
        {SNMP_UNSUPPORTED_LEVELS, STAT_USMSTATSUNSUPPORTEDSECLEVELS},
        {SNMP_NOT_IN_TIME_WINDOWS, STAT_USMSTATSNOTINTIMEWINDOWS},
        {SNMP_UNKNOWN_USERS, STAT_USMSTATSUNKNOWNUSERNAMES},
        {SNMP_UNKNOWN_ENGINES, STAT_USMSTATSUNKNOWNENGINEIDS},
        {SNMP_WRONG_DIGESTS, STAT_USMSTATSWRONGDIGESTS},
        {SNMP_DECRYPTION_ERRORS, STAT_USMSTATSDECRYPTIONERRORS},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        counters[rows[i].counter] = snmp_get_statistic(rows[i].statistic);
}
