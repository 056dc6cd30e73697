/* access_role - the three roles; each may do what the ones before it may. */
#pragma once

enum access_role { ROLE_NONE, ROLE_VIEW, ROLE_CONTROL, ROLE_ADMINISTRATOR };

/* "view", "control", "administrator", "" */
const char *access_role_name(enum access_role role);

/* ROLE_NONE when the text is none of the names. */
enum access_role access_role_find(const char *name);
