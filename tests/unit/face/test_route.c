#include "test.h"

#include "face/api.h"

static const struct route routes[] = {
    {.method = HTTP_GET, .path = "/points"},
    {.method = HTTP_GET, .path = "/points/{path+}"},
    {.method = HTTP_GET, .path = "/settings/schema"},
    {.method = HTTP_GET, .path = "/settings/{key}"},
    {.method = HTTP_PUT, .path = "/settings/{key}"},
    {.method = HTTP_DELETE, .path = "/a/{x}/b/{y}"},
};

static enum route_outcome find(enum http_method method, const char *path, struct route_match *match)
{
    return route_find(routes, TEST_COUNT(routes), method, path, match);
}

static void check_value(const struct route_match *match, size_t index, const char *wanted)
{
    assert_int_equal(match->lengths[index], strlen(wanted));
    assert_memory_equal(match->values[index], wanted, strlen(wanted));
}

static void test_found(void **state)
{
    (void)state;
    struct route_match match;
    assert_int_equal(find(HTTP_GET, "/points", &match), ROUTE_FOUND);
    assert_ptr_equal(match.route, &routes[0]);
    assert_int_equal(find(HTTP_GET, "/points/m-1/phase-a/voltage", &match), ROUTE_FOUND);
    check_value(&match, 0, "m-1/phase-a/voltage");
    assert_int_equal(find(HTTP_GET, "/settings/schema", &match), ROUTE_FOUND);
    assert_ptr_equal(match.route, &routes[2]);
    assert_int_equal(find(HTTP_PUT, "/settings/web.http", &match), ROUTE_FOUND);
    check_value(&match, 0, "web.http");
    assert_int_equal(find(HTTP_DELETE, "/a/1/b/two", &match), ROUTE_FOUND);
    check_value(&match, 0, "1");
    check_value(&match, 1, "two");
}

static void test_no_path(void **state)
{
    (void)state;
    struct route_match match;
    const char *const paths[] = {"",         "/",          "/point",        "/points/",
                                 "/pointsx", "/settings/", "/settings/a/b", "/a/1/b/",
                                 "/a//b/2",  "/a/1/c/2",   "points"};
    for (size_t i = 0; i < TEST_COUNT(paths); i++) {
        if (find(HTTP_GET, paths[i], &match) != ROUTE_NO_PATH)
            fail_msg("\"%s\" was found", paths[i]);
        assert_null(match.route);
    }
}

static void test_no_method(void **state)
{
    (void)state;
    struct route_match match;
    char allow[64];
    assert_int_equal(find(HTTP_DELETE, "/settings/x", &match), ROUTE_NO_METHOD);
    route_allow(match.allowed, allow, sizeof allow);
    assert_string_equal(allow, "GET, HEAD, PUT");
    assert_int_equal(find(HTTP_METHODS, "/a/1/b/2", &match), ROUTE_NO_METHOD);
    route_allow(match.allowed, allow, sizeof allow);
    assert_string_equal(allow, "DELETE");
}

static void test_methods(void **state)
{
    (void)state;
    assert_int_equal(http_method_find("GET"), HTTP_GET);
    assert_int_equal(http_method_find("HEAD"), HTTP_GET);
    assert_int_equal(http_method_find("DELETE"), HTTP_DELETE);
    assert_int_equal(http_method_find("get"), HTTP_METHODS);
    assert_int_equal(http_method_find("PROPFIND"), HTTP_METHODS);
    assert_int_equal(http_method_find(""), HTTP_METHODS);
}

/* Whatever changes something needs a role, and nothing but signing in goes without a session's
 * token. */
/* Whatever changes something is the administrator's, but for what is listed here: it is a part of
 * running the equipment and destroys nothing, or of setting up lines and devices. */
static enum access_role right_to_change(const struct route *route)
{
    static const struct {
        enum http_method method;
        const char *path;
        enum access_role right;
    } others[] = {
        {HTTP_POST, "/history/append", ROLE_CONTROL},
        {HTTP_POST, "/commands", ROLE_CONTROL},
        {HTTP_DELETE, "/commands/{id}", ROLE_CONTROL},
        {HTTP_POST, "/alarms/{id}/acknowledge", ROLE_CONTROL},
        {HTTP_POST, "/alarms/{id}/shelve", ROLE_CONTROL},
        {HTTP_POST, "/alarms/{id}/unshelve", ROLE_CONTROL},
        {HTTP_POST, "/alarms/{id}/mute", ROLE_CONTROL},
        {HTTP_POST, "/alarms/{id}/clear", ROLE_CONTROL},
        {HTTP_POST, "/alarm-rules/preview", ROLE_CONTROL},
        {HTTP_POST, "/nut/{ups}/shutdown", ROLE_CONTROL},
        {HTTP_DELETE, "/nut/{ups}/shutdown", ROLE_CONTROL},
        /* each setting asks for its own right besides */
        {HTTP_PUT, "/outlets/{path+}", ROLE_CONTROL},
        {HTTP_PUT, "/settings", ROLE_INSTALLER},
        {HTTP_PUT, "/settings/{key+}", ROLE_INSTALLER},
        {HTTP_DELETE, "/settings/{key+}", ROLE_INSTALLER},
        {HTTP_POST, "/scan", ROLE_INSTALLER},
        {HTTP_DELETE, "/scan", ROLE_INSTALLER},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (route->method == others[i].method && strcmp(route->path, others[i].path) == 0)
            return others[i].right;
    }
    return ROLE_ADMINISTRATOR;
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_route_count; i++) {
        const struct route *route = &api_routes[i];
        struct route_match match;
        bool session = strcmp(route->path, "/session") == 0;
        assert_non_null(route->fn);
        assert_int_equal(route->path[0], '/');
        if (route->method != HTTP_GET && !session)
            assert_int_equal(route->right, right_to_change(route));
        assert_int_equal(!!(route->flags & ROUTE_ANONYMOUS), session && route->method == HTTP_POST);
        if (route->request)
            assert_true(route->method == HTTP_POST || route->method == HTTP_PUT);
        /* No row hides behind an earlier one. */
        if (!strchr(route->path, '{')) {
            assert_int_equal(
                route_find(api_routes, api_route_count, route->method, route->path, &match),
                ROUTE_FOUND);
            assert_ptr_equal(match.route, route);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),     cmocka_unit_test(test_no_path),
        cmocka_unit_test(test_no_method), cmocka_unit_test(test_methods),
        cmocka_unit_test(test_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
