/* route - one row per operation of the API; dispatch, rights, CSRF, Allow and the OpenAPI document
 * come from the rows.
 *
 * A template is text with at most two parameters: `{name}` takes one segment, `{name+}` the rest of
 * the path, slashes included. Pure; the table is constant data.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "model/access_role.h"

struct request;

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_METHODS };

/* A parameter of the query. `schema` is JSON. */
struct route_parameter {
    const char *name, *schema, *help;
    bool repeats;
};

enum route_flag {
    ROUTE_ANONYMOUS = 1, /* signing in: changes something, but there is no session yet to prove */
    ROUTE_CREATES = 2,   /* answers 201 */
    ROUTE_TAKES_CSV = 4, /* the body is text/csv, not JSON */
    ROUTE_ACCEPTS = 8,   /* answers 202: begun, not done */
};

struct route {
    enum http_method method;
    const char *path; /* below /api/v1 */
    enum access_role right;
    const char *summary;
    const struct route_parameter *parameters; /* ends with a NULL name; NULL: none */
    const char *request;                      /* schema of the body, NULL: none */
    const char *response;                     /* schema of the answer, NULL: 204, no body */
    const char *type;                         /* media type of the answer, NULL: application/json */
    unsigned flags;                           /* of enum route_flag */
    void (*fn)(struct request *request);
};

#define ROUTE_PARAMETERS 2

/* What a template's parameters stand for: pieces of the path that was looked up. */
struct route_match {
    const struct route *route;
    const char *values[ROUTE_PARAMETERS];
    size_t lengths[ROUTE_PARAMETERS];
    unsigned allowed; /* bit per enum http_method that the path has */
};

enum route_outcome { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD };

/* `method` HTTP_METHODS stands for one that nothing here has. */
enum route_outcome route_find(const struct route *routes, size_t count, enum http_method method,
                              const char *path, struct route_match *match);

/* "GET" ...; HEAD counts as GET. HTTP_METHODS when unknown. */
enum http_method http_method_find(const char *name);

/* "GET, HEAD, PUT" for the Allow header (`size` at least 40). */
void route_allow(unsigned allowed, char *text, size_t size);
