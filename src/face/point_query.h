/* point_query - the points that a request chooses with `device=` and `path=`. */
#pragma once

#include <stdbool.h>

#include "face/point_select.h"

struct request;

/* Read them; false when the request was answered. The caller ends `select`. */
bool point_query_read(struct request *request, struct point_select *select);
