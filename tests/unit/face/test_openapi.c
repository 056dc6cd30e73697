#include "test.h"

#include <jansson.h>

#include "base/file.h"
#include "face/api.h"
#include "face/openapi.h"

static json_t *document(void)
{
    struct buf text = BUF_EMPTY;
    json_error_t error;
    openapi_write(&text);
    json_t *root = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        fail_msg("line %d: %s", error.line, error.text);
    buf_deinit(&text);
    return root;
}

static int follow_references(json_t *root, json_t *at)
{
    const char *key;
    json_t *value;
    size_t index;
    int found = 0;
    if (json_is_array(at)) {
        json_array_foreach(at, index, value) found += follow_references(root, value);
        return found;
    }
    json_object_foreach(at, key, value)
    {
        if (strcmp(key, "$ref") == 0) {
            const char *name = strrchr(json_string_value(value), '/') + 1;
            json_t *schemas = json_object_get(json_object_get(root, "components"), "schemas");
            if (!json_object_get(schemas, name))
                fail_msg("no schema %s", name);
            found++;
        }
        found += follow_references(root, value);
    }
    return found;
}

static void test_complete(void **state)
{
    (void)state;
    static const char *const methods[] = {"get", "post", "put", "delete"};
    json_t *root = document();
    assert_string_equal(json_string_value(json_object_get(root, "openapi")), "3.1.0");
    assert_true(follow_references(root, root) > 40);
    for (size_t i = 0; i < api_route_count; i++) {
        char path[128];
        size_t length = 0;
        for (const char *at = api_routes[i].path; *at; at++)
            if (*at != '+')
                path[length++] = *at;
        path[length] = '\0';
        json_t *operation = json_object_get(json_object_get(json_object_get(root, "paths"), path),
                                            methods[api_routes[i].method]);
        if (!operation)
            fail_msg("%s is missing", path);
        assert_non_null(json_object_get(operation, "responses"));
        assert_true(json_string_length(json_object_get(operation, "summary")) > 0);
    }
    json_decref(root);
}

/* openapi/busbar.json is what people read and generate clients from: a change of the API shows
 * there. */
static void test_committed(void **state)
{
    (void)state;
    struct buf text = BUF_EMPTY, committed = BUF_EMPTY;
    struct err err = ERR_EMPTY;
    openapi_write(&text);
    if (file_read(TEST_SOURCE_ROOT "/openapi/busbar.json", 4u << 20, &committed, &err) < 0)
        fail_msg("%s", err.text);
    if (text.length != committed.length || memcmp(text.data, committed.data, text.length) != 0)
        fail_msg("openapi/busbar.json is out of date: busbar openapi > openapi/busbar.json");
    buf_deinit(&text);
    buf_deinit(&committed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_complete),
                                       cmocka_unit_test(test_committed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
