/* problem - RFC 9457 problem details: what is wrong, where, and the way out. */
#pragma once

#include "base/buf.h"

#define PROBLEM_TYPE "application/problem+json"

/* {"type":"/problems/KIND","title":…,"status":…,"detail":…} */
void problem_write(struct buf *out, unsigned status, const char *kind, const char *title,
                   const char *detail);
