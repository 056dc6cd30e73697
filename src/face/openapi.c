#include "face/openapi.h"

#include <string.h>

#include "base/json.h"
#include "face/api.h"

/* ---- one operation --------------------------------------------------------------------------- */

static void write_reference(struct json *json, const char *schema)
{
    json_open_object(json);
    json_key(json, "$ref");
    buf_add_text(json->out, "\"#/components/schemas/");
    buf_add_text(json->out, schema);
    buf_add_char(json->out, '"');
    json->comma = true;
    json_close_object(json);
}

static void write_content(struct json *json, const char *type, const char *schema)
{
    json_key(json, "content");
    json_open_object(json);
    json_key_text(json, type);
    json_open_object(json);
    json_key(json, "schema");
    write_reference(json, schema);
    json_close_object(json);
    json_close_object(json);
}

/* "/points/{path+}" -> {path}, required, in the path */
static void write_path_parameters(struct json *json, const char *path)
{
    for (const char *at = strchr(path, '{'); at; at = strchr(at + 1, '{')) {
        json_open_object(json);
        json_key(json, "name");
        json_text_n(json, at + 1, strcspn(at + 1, "+}"));
        json_pair_text(json, "in", "path");
        json_pair_bool(json, "required", true);
        json_key(json, "schema");
        json_open_object(json);
        json_pair_text(json, "type", "string");
        json_close_object(json);
        json_close_object(json);
    }
}

static void write_query_parameter(struct json *json, const struct route_parameter *parameter)
{
    json_open_object(json);
    json_pair_text(json, "name", parameter->name);
    json_pair_text(json, "in", "query");
    json_pair_text(json, "description", parameter->help);
    json_key(json, "schema");
    if (parameter->repeats) {
        json_open_object(json);
        json_pair_text(json, "type", "array");
        json_key(json, "items");
        json_raw(json, parameter->schema, strlen(parameter->schema));
        json_close_object(json);
    } else {
        json_raw(json, parameter->schema, strlen(parameter->schema));
    }
    json_close_object(json);
}

static void write_parameters(struct json *json, const struct route *route)
{
    if (!route->parameters && !strchr(route->path, '{'))
        return;
    json_key(json, "parameters");
    json_open_array(json);
    write_path_parameters(json, route->path);
    for (const struct route_parameter *at = route->parameters; at && at->name; at++)
        write_query_parameter(json, at);
    json_close_array(json);
}

static void write_responses(struct json *json, const struct route *route)
{
    json_key(json, "responses");
    json_open_object(json);
    json_key(json, route->flags & ROUTE_CREATES   ? "201"
                   : route->flags & ROUTE_ACCEPTS ? "202"
                   : route->response              ? "200"
                                                  : "204");
    json_open_object(json);
    json_pair_text(json, "description", route->summary);
    if (route->response)
        write_content(json, route->type ? route->type : "application/json", route->response);
    json_close_object(json);
    json_key(json, "default");
    json_open_object(json);
    json_pair_text(json, "description", "What is wrong, where, and the way out");
    write_content(json, "application/problem+json", "Problem");
    json_close_object(json);
    json_close_object(json);
}

/* Reading may be open to everybody (access.view), so an empty alternative stands beside the two
 * schemes. */
static void write_security(struct json *json, const struct route *route)
{
    static const char open[] = "[{},{\"session\":[]},{\"token\":[]}]",
                      closed[] = "[{\"session\":[],\"csrf\":[]},{\"token\":[]}]",
                      read[] = "[{\"session\":[]},{\"token\":[]}]";
    const char *text = route->right <= ROLE_VIEW ? open : route->method == HTTP_GET ? read : closed;
    json_key(json, "security");
    json_raw(json, text, strlen(text));
    if (route->right != ROLE_NONE)
        json_pair_text(json, "x-role", access_role_name(route->right));
}

static void write_operation(struct json *json, const struct route *route)
{
    static const char *const keys[] = {"get", "post", "put", "delete"};
    json_key(json, keys[route->method]);
    json_open_object(json);
    json_pair_text(json, "summary", route->summary);
    write_parameters(json, route);
    if (route->request) {
        json_key(json, "requestBody");
        json_open_object(json);
        json_pair_bool(json, "required", true);
        write_content(json, route->flags & ROUTE_TAKES_CSV ? "text/csv" : "application/json",
                      route->request);
        json_close_object(json);
    }
    write_responses(json, route);
    write_security(json, route);
    json_close_object(json);
}

/* ---- the document ---------------------------------------------------------------------------- */

static bool is_first_of_path(size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(api_routes[i].path, api_routes[index].path) == 0)
            return false;
    }
    return true;
}

static void write_path(struct json *json, const char *path)
{
    char plain[128];
    size_t length = 0;
    for (const char *at = path; *at && length < sizeof plain - 1; at++) {
        if (*at != '+')
            plain[length++] = *at;
    }
    plain[length] = '\0';
    json_key(json, plain);
    json_open_object(json);
    for (size_t i = 0; i < api_route_count; i++) {
        if (strcmp(api_routes[i].path, path) == 0)
            write_operation(json, &api_routes[i]);
    }
    json_close_object(json);
}

/* openapi_schemas.json, embedded by the build. */
extern const char openapi_schemas[], openapi_schemas_end[];

static void write_components(struct json *json)
{
    static const char schemes[] =
        "{\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"busbar_session\"},"
        "\"csrf\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-CSRF-Token\"},"
        "\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}}";
    json_key(json, "components");
    json_open_object(json);
    json_key(json, "securitySchemes");
    json_raw(json, schemes, sizeof schemes - 1);
    json_key(json, "schemas");
    json_raw(json, openapi_schemas, (size_t)(openapi_schemas_end - openapi_schemas));
    json_close_object(json);
}

static void write_document(struct json *json)
{
    json_open_object(json);
    json_pair_text(json, "openapi", "3.1.0");
    json_key(json, "info");
    json_open_object(json);
    json_pair_text(json, "title", "busbar");
    json_pair_text(json, "version", "1");
    json_pair_text(json, "summary", "Measures, shows and logs power equipment.");
    json_close_object(json);
    json_key(json, "servers");
    json_open_array(json);
    json_open_object(json);
    json_pair_text(json, "url", API_PREFIX);
    json_close_object(json);
    json_close_array(json);
    json_key(json, "paths");
    json_open_object(json);
    for (size_t i = 0; i < api_route_count; i++) {
        if (is_first_of_path(i))
            write_path(json, api_routes[i].path);
    }
    json_close_object(json);
    write_components(json);
    json_close_object(json);
}

/* ---- looks ----------------------------------------------------------------------------------- */

static void new_line(struct buf *out, int depth)
{
    buf_add_char(out, '\n');
    for (int i = 0; i < depth; i++)
        buf_add(out, "  ", 2);
}

/* JSON -> the same, one member a line, so that a change shows as a change of lines. */
static void indent(struct buf *out, const char *text, size_t length)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
        if (quoted) {
            buf_add_char(out, c);
            if (c == '\\')
                buf_add_char(out, text[++i]);
            quoted = c != '"';
            continue;
        }
        if (c == ' ' || c == '\n')
            continue;
        if (closes && text[i - 1] != '{' && text[i - 1] != '[')
            new_line(out, depth - 1);
        depth -= closes;
        buf_add_char(out, c);
        depth += opens;
        if ((opens && text[i + 1] != '}' && text[i + 1] != ']') || c == ',')
            new_line(out, depth);
        else if (c == ':')
            buf_add_char(out, ' ');
        quoted = c == '"';
    }
    buf_add_char(out, '\n');
}

void openapi_write(struct buf *out)
{
    struct buf compact = BUF_EMPTY;
    struct json json = json_writer(&compact);
    write_document(&json);
    out->failed |= compact.failed;
    indent(out, compact.data, compact.failed ? 0 : compact.length);
    buf_deinit(&compact);
}
