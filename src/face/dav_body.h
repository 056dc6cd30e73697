/* dav_body - what a PROPFIND asks for (RFC 4918 sections 9.1 and 14.20), read with expat.
 *
 * No document type, no entities: there is nothing in them for a list of properties, and much for an
 * attacker. Pure; bytes come from the network.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"

#define DAV_BODY_MOST (16u * 1024)
#define DAV_PROPERTIES_MOST 64

enum dav_wish {
    DAV_ALLPROP,  /* all properties; those named besides are asked for, too */
    DAV_PROPNAME, /* their names */
    DAV_PROP,     /* those that are named */
};

struct dav_property {
    char *space; /* namespace, "" for none */
    char *name;
};

struct dav_propfind {
    enum dav_wish wish;
    struct dav_property properties[DAV_PROPERTIES_MOST]; /* each once */
    size_t count;
};

/* No body means all properties. 0, or negative and a sentence in `err`: -EINVAL not what it must
 * be, -E2BIG too many properties, -ENOMEM. Deinit in both cases. */
int dav_propfind_parse(struct dav_propfind *propfind, const char *body, size_t length,
                       struct err *err);
void dav_propfind_deinit(struct dav_propfind *propfind);
