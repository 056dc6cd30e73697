/* access_role - the roles; each may do what the ones before it may: look, switch, set up lines and
 * devices, everything. */
#pragma once

enum access_role { ROLE_NONE, ROLE_VIEW, ROLE_CONTROL, ROLE_INSTALLER, ROLE_ADMINISTRATOR };

/* "view", "control", "installer", "administrator", "" */
const char *access_role_name(enum access_role role);

/* ROLE_NONE when the text is none of the names. */
enum access_role access_role_find(const char *name);
