/* dav - the export folder as a network drive: WebDAV class 1 (RFC 4918), to be read only.
 *
 * Serves /export/: OPTIONS, PROPFIND, GET, HEAD; everything else is refused with 405. Who may view
 * may read: by session or token as everywhere, or by HTTP Basic, over TLS only. Files are listed
 * and opened on the worker pool. Called by the gate in place of an API operation; loop thread only.
 */
#pragma once

#include <stdbool.h>

struct request;

/* Whether the path is one of the drive's. */
bool dav_is_ours(const char *url);

/* Headers are there: refuses at once what is never done here. */
void dav_begin(struct request *request);

/* The request is complete. */
void dav_serve(struct request *request);
