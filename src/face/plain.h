/* plain - what needs neither script nor style sheet: `/data.xml`, `/pda`, and the pages below `/m`.
 *
 * For small devices, old browsers and the hour in which nothing else works. The rights are those of
 * everywhere: viewing as `access.view` says, switching for the role control; a form carries the
 * session's CSRF token in a field. Called by the gate in place of an API operation; loop thread
 * only.
 */
#pragma once

#include <stdbool.h>

struct request;

bool plain_is_ours(const char *url);

/* Headers are there: who asks, and may they. False when answered. */
bool plain_begin(struct request *request);

/* The request is complete. */
void plain_serve(struct request *request);
