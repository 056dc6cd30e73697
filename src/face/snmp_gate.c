#include "face/snmp_gate.h"

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <sodium.h>
#include <string.h>

#include "face/snmp_settings.h"
#include "model/access.h"
#include "model/config.h"

static enum access_role role_of_user(const struct snmp_gate *gate, const char *name)
{
    for (size_t i = 0; gate->access && i < access_user_count(gate->access); i++) {
        const struct access_user user = access_user_at(gate->access, i);
        if (strcmp(user.name, name) == 0)
            return user.role;
    }
    return ROLE_NONE;
}

static enum access_role role_of(const struct snmp_gate *gate, int64_t granted, const char *name)
{
    static const enum access_role roles[] = {
        [SNMP_ACCESS_NONE] = ROLE_NONE,
        [SNMP_ACCESS_VIEW] = ROLE_VIEW,
        [SNMP_ACCESS_CONTROL] = ROLE_CONTROL,
        [SNMP_ACCESS_ADMINISTRATOR] = ROLE_ADMINISTRATOR,
    };
    return granted == SNMP_ACCESS_USER ? role_of_user(gate, name) : roles[granted];
}

static bool same_word(const char *word, const void *bytes, size_t length)
{
    return strlen(word) == length && sodium_memcmp(word, bytes, length) == 0;
}

enum access_role snmp_gate_community(const struct snmp_gate *gate, const void *word, size_t length,
                                     const struct in6_addr *address, struct snmp_ask *ask)
{
    const struct config *config = gate->config;
    ask->role = ROLE_NONE;
    for (size_t i = 0; i < config_count(config, &snmp_community_table); i++) {
        const struct snmp_community *community = config_at(config, &snmp_community_table, i);
        enum access_role role = role_of(gate, community->access, "");
        if (role > ask->role && same_word(community->community, word, length) &&
            snmp_networks_hold(community->networks, address)) {
            ask->role = role;
            ask->actor = config_name_at(config, &snmp_community_table, i);
        }
    }
    return ask->role;
}

enum access_role snmp_gate_user(const struct snmp_gate *gate, const char *name, int level,
                                const struct in6_addr *address, struct snmp_ask *ask)
{
    const struct config *config = gate->config;
    int at = config_find(config, &snmp_user_table, name);
    const struct snmp_user *user = at < 0 ? NULL : config_at(config, &snmp_user_table, (size_t)at);
    int least = user && user->privacy != SNMP_PRIVACY_NONE ? SNMP_SEC_LEVEL_AUTHPRIV
                                                           : SNMP_SEC_LEVEL_AUTHNOPRIV;
    ask->role = ROLE_NONE;
    if (!user || level < least || !snmp_networks_hold(user->networks, address))
        return ROLE_NONE;
    ask->actor = config_name_at(config, &snmp_user_table, (size_t)at);
    ask->role = role_of(gate, user->access, ask->actor);
    return ask->role;
}

bool snmp_gate_expects(const struct snmp_gate *gate, const struct in6_addr *address)
{
    const struct config *config = gate->config;
    for (size_t i = 0; i < config_count(config, &snmp_community_table); i++) {
        const struct snmp_community *community = config_at(config, &snmp_community_table, i);
        if (snmp_networks_hold(community->networks, address))
            return true;
    }
    for (size_t i = 0; i < config_count(config, &snmp_user_table); i++) {
        const struct snmp_user *user = config_at(config, &snmp_user_table, i);
        if (snmp_networks_hold(user->networks, address))
            return true;
    }
    return false;
}
