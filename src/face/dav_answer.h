/* dav_answer - a PROPFIND's answer: multistatus (RFC 4918 sections 13 and 14.16) and, for browsers,
 * the same folder as a page.
 *
 * Pure; everything that comes from outside is escaped here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "face/dav_body.h"

struct dav_resource {
    const char *folder; /* its path, ends with "/" */
    const char *name;   /* of the file in it; "" for the folder itself */
    uint64_t bytes;
    int64_t modified_ns; /* since 1970; 0: not known */
};

#define DAV_ETAG_SIZE 48

/* The strong entity tag of a file, quoted: a file is replaced, never changed, so size and time tell
 * it apart. */
void dav_etag(const struct dav_resource *file, char *etag);

/* Begin, once for each resource, end. */
void dav_answer_begin(struct buf *out);
void dav_answer_add(struct buf *out, const struct dav_propfind *propfind,
                    const struct dav_resource *resource);
void dav_answer_end(struct buf *out);

/* The folder as a page for people: begin, once for each file, end. */
void dav_page_begin(struct buf *out);
void dav_page_add(struct buf *out, const struct dav_resource *file);
void dav_page_end(struct buf *out);
