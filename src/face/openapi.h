/* openapi - the API as an OpenAPI 3.1 document, written from the route table. */
#pragma once

#include "base/buf.h"

/* Append the document, indented, the same bytes each time: it is committed as openapi/busbar.json
 * and compared by a test. */
void openapi_write(struct buf *out);
