/* nut_settings - the NUT server: `nut:`, what it offers under which name (`nut_ups:`), and users
 * that may look only (`nut_users:`). Read-only.
 *
 * Not set, nothing listens. Users of busbar sign in with their own password or a token; a record of
 * nut_users is for equipment whose name and password cannot be chosen: it reads and attaches, from
 * its networks, and can never switch nor shut anything down.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ip_net.h"
#include "model/config.h"

#define NUT_UPS_MOST 1024
#define NUT_USERS_MOST 64

enum nut_tls { NUT_TLS_OFFERED, NUT_TLS_REQUIRED };
enum nut_offer { NUT_OFFER_ALL, NUT_OFFER_LISTED };
enum nut_fsd_clear { NUT_FSD_ON_LINE, NUT_FSD_OPERATOR };

struct nut_settings {
    int64_t port; /* 0: off */
    const char *listen, *networks;
    int64_t clients;
    int64_t idle;  /* us */
    int64_t tls;   /* enum nut_tls */
    int64_t offer; /* enum nut_offer */
};

struct nut_ups_settings {
    const char *label, *shows, *supply;
    int64_t low_after, low_runtime; /* us, 0: not looked at */
    double low_charge;              /* %, 0: not looked at */
    int64_t fsd_after, fsd_runtime;
    double fsd_charge;
    int64_t fsd_clear; /* enum nut_fsd_clear */
    int64_t fsd_hold;  /* us */
    int64_t off_after; /* us, 0: never */
};

struct nut_user_settings {
    const char *password, *ups, *networks;
};

extern const struct setting_table nut_settings_table;
extern const struct setting_table nut_ups_settings_table;
extern const struct setting_table nut_user_settings_table;

/* What a ups without a record has; lives as long as the program. */
struct nut_ups_settings nut_ups_settings_default(void);

/* Whether the address lies in one of the networks of a list with commas between; an empty list
 * holds all. */
bool nut_networks_hold(const char *networks, const struct ip_address *address);

/* "group/NAME": the name, else NULL. */
const char *nut_shows_group(const char *shows);
