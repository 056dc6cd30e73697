/* api - the table of operations (docs/api.md), one row each. */
#pragma once

#include <stddef.h>

#include "face/route.h"

#define API_PREFIX "/api/v1"

extern const struct route api_routes[];
extern const size_t api_route_count;
