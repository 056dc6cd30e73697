#include "base/yaml.h"

#include <errno.h>

#include "test.h"
#include "test_folder.h"

static struct yaml *parse(const char *text)
{
    struct err err = ERR_EMPTY;
    struct yaml *yaml = yaml_read_text("t.yaml", text, strlen(text), &err);
    if (!yaml)
        fail_msg("%s", err.text);
    return yaml;
}

static void assert_refused(const char *text, const char *sentence)
{
    struct err err = ERR_EMPTY;
    struct yaml *yaml = yaml_read_text("t.yaml", text, strlen(text), &err);
    assert_null(yaml);
    assert_int_equal(err.code, -EINVAL);
    if (strncmp(err.text, sentence, strlen(sentence)) != 0)
        fail_msg("\"%s\" instead of \"%s\"", err.text, sentence);
}

static void assert_place(const struct yaml_node *node, int line, int column)
{
    assert_int_equal(yaml_place(node).line, line);
    assert_int_equal(yaml_place(node).column, column);
}

static void test_tree_and_places(void **state)
{
    (void)state;
    struct yaml *yaml = parse("# comment\n"
                              "site:\n"
                              "  name: Plant 7\n"
                              "  empty:\n"
                              "list: [1, {a: b}]\n"
                              "quoted: \"null\"\n"
                              "tilde: ~\n");
    const struct yaml_node *root = yaml_root(yaml), *key;
    assert_int_equal(yaml_kind(root), YAML_MAP);
    assert_int_equal(yaml_count(root), 4);
    assert_string_equal(yaml_name(root), "t.yaml");
    const struct yaml_node *site = yaml_at(root, 0, &key);
    assert_string_equal(yaml_text(key), "site");
    assert_place(key, 2, 1);
    assert_string_equal(yaml_text(yaml_get(site, "name")), "Plant 7");
    assert_place(yaml_get(site, "name"), 3, 9);
    assert_true(yaml_is_null(yaml_get(site, "empty")));
    assert_int_equal(yaml_place(yaml_get(site, "empty")).line, 4);
    const struct yaml_node *list = yaml_get(root, "list");
    assert_int_equal(yaml_kind(list), YAML_LIST);
    assert_int_equal(yaml_count(list), 2);
    assert_place(yaml_at(list, 0, NULL), 5, 8);
    assert_string_equal(yaml_text(yaml_get(yaml_at(list, 1, NULL), "a")), "b");
    assert_string_equal(yaml_text(list), "");
    assert_false(yaml_is_null(yaml_get(root, "quoted")));
    assert_true(yaml_is_null(yaml_get(root, "tilde")));
    assert_null(yaml_get(root, "nothing"));
    assert_null(yaml_get(list, "a"));
    assert_null(yaml_get(NULL, "a"));
    struct err err;
    assert_int_equal(yaml_err(yaml_get(site, "name"), &err, "must be %d", 3), -EINVAL);
    assert_string_equal(err.text, "t.yaml:3:9: must be 3");
    assert_null(yaml_free(yaml));
    assert_null(yaml_free(NULL));
}

static void test_empty(void **state)
{
    (void)state;
    struct yaml *yaml = yaml_read_text("t.yaml", NULL, 0, NULL);
    assert_null(yaml_root(yaml));
    yaml_free(yaml);
    yaml = parse("# only a comment\n");
    assert_true(!yaml_root(yaml) || yaml_is_null(yaml_root(yaml)));
    yaml_free(yaml);
    yaml = parse("a: {}\nb: []\n");
    assert_int_equal(yaml_count(yaml_get(yaml_root(yaml), "a")), 0);
    assert_int_equal(yaml_place(yaml_get(yaml_root(yaml), "a")).line, 1);
    assert_int_equal(yaml_count(yaml_get(yaml_root(yaml), "b")), 0);
    yaml_free(yaml);
}

static void test_refusals(void **state)
{
    (void)state;
    assert_refused("a: 1\nb: 2\na: 3\n", "t.yaml:3:1: ");
    assert_refused("a: [1, 2\nb: 3\n", "t.yaml:");
    assert_refused("a: \"unclosed\nb", "t.yaml:");
    assert_refused("a: &x 1\nb: *x\n", "t.yaml:1:7: anchors (&name) are not supported here");
    assert_refused("a:\n  b: &x {c: 1}\n", "t.yaml:2:10: anchors (&name)");
    assert_refused("a:\n  - &x [1, 2]\n", "t.yaml:2:9: anchors (&name)");
    assert_refused("b: *x\n", "t.yaml:1:");
    assert_refused("? [a, b]\n: c\n", "t.yaml:");
    assert_refused("a:\n\t- b\n", "t.yaml:");
    assert_refused("a: \"\\0\"\n", "t.yaml:1:");
}

static void test_text_that_is_no_yaml(void **state)
{
    (void)state;
    assert_refused("a: b\nc: \xC3\n", "t.yaml:2:4: not valid UTF-8 text");
    assert_refused("\xFF\xFE", "t.yaml:1:1: not valid UTF-8 text");
    assert_refused("# x\n%YAML 1.2\n---\na: b\n",
                   "t.yaml:2:1: directives (%...) are not supported here");
    assert_refused("%YA\xC5[[[[[[[[[[[ML 1.[[[[[2.[",
                   "t.yaml:1:4: not valid UTF-8 text"); /* hung libfyaml */
    yaml_free(parse("load: 50 %\npercent: \"%\"\n"));
}

static void test_two_documents(void **state)
{
    (void)state;
    assert_refused("a: 1\n---\nb: 2\n", "t.yaml:2:");
    assert_refused("a: 1\n...\nb: 2\n", "t.yaml:3:");
}

static void test_depth(void **state)
{
    (void)state;
    char text[400] = "";
    for (int i = 0; i < YAML_DEPTH_MAX; i++)
        strcat(text, "[");
    for (int i = 0; i < YAML_DEPTH_MAX; i++)
        strcat(text, "]");
    yaml_free(parse(text));
    memset(text, '[', YAML_DEPTH_MAX + 2);
    memset(text + YAML_DEPTH_MAX + 2, ']', YAML_DEPTH_MAX + 2);
    assert_refused(text, "t.yaml");
}

/* A file of nothing but brackets must neither overflow the stack nor take for ever. */
static void test_very_deep(void **state)
{
    (void)state;
    static const char *const units[] = {"[", "{a: ", "- ", "? "};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t unit = strlen(units[i]), count = 200000;
        char *text = malloc(unit * count + 1);
        for (size_t j = 0; j < count; j++)
            memcpy(text + j * unit, units[i], unit);
        text[unit * count] = '\0';
        assert_refused(text, "t.yaml");
        free(text);
    }
}

static void test_scalars(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        int64_t value;
    } ints[] = {
        {"0", 0, 0},
        {"-12", 0, -12},
        {"+7", 0, 7},
        {"0x1F", 0, 31},
        {"0X1f", 0, 31},
        {"9223372036854775807", 0, INT64_MAX},
        {"-9223372036854775808", 0, INT64_MIN},
        {"9223372036854775808", -ERANGE, 0},
        {"010", 0, 10}, /* no octal */
        {"1.5", -EINVAL, 0},
        {"12V", -EINVAL, 0},
        {"0x", -EINVAL, 0},
        {"\" 1\"", -EINVAL, 0},
        {"\"\"", -EINVAL, 0},
        {"[1]", -EINVAL, 0},
    };
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
        char text[60];
        int64_t value = 0;
        snprintf(text, sizeof text, "a: %s\n", ints[i].text);
        struct yaml *yaml = parse(text);
        assert_int_equal(yaml_int(yaml_get(yaml_root(yaml), "a"), &value), ints[i].result);
        assert_int_equal(value, ints[i].value);
        yaml_free(yaml);
    }
    struct yaml *yaml =
        parse("[1.5, -2e3, 1e999, nan, .inf, 0x10, yes, off, \"true\", maybe, 1, 3.x]");
    const struct yaml_node *root = yaml_root(yaml);
    double number;
    bool flag;
    assert_int_equal(yaml_number(yaml_at(root, 0, NULL), &number), 0);
    assert_true(number == 1.5);
    assert_int_equal(yaml_number(yaml_at(root, 1, NULL), &number), 0);
    assert_true(number == -2000);
    assert_int_equal(yaml_number(yaml_at(root, 2, NULL), &number), -ERANGE);
    assert_int_equal(yaml_number(yaml_at(root, 3, NULL), &number), -ERANGE);
    assert_int_equal(yaml_number(yaml_at(root, 4, NULL), &number), -EINVAL);
    assert_int_equal(yaml_number(yaml_at(root, 5, NULL), &number), 0);
    assert_true(number == 16);
    assert_int_equal(yaml_bool(yaml_at(root, 6, NULL), &flag), 0);
    assert_true(flag);
    assert_int_equal(yaml_bool(yaml_at(root, 7, NULL), &flag), 0);
    assert_false(flag);
    assert_int_equal(yaml_bool(yaml_at(root, 8, NULL), &flag), 0);
    assert_true(flag);
    assert_int_equal(yaml_bool(yaml_at(root, 9, NULL), &flag), -EINVAL);
    assert_int_equal(yaml_bool(yaml_at(root, 10, NULL), &flag), -EINVAL);
    assert_int_equal(yaml_number(yaml_at(root, 11, NULL), &number), -EINVAL);
    yaml_free(yaml);
}

static void test_file(void **state)
{
    (void)state;
    char folder[200], path[260];
    struct err err = ERR_EMPTY;
    test_folder(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/site.yaml", folder);
    assert_null(yaml_read_file(path, &err));
    assert_int_equal(err.code, -ENOENT);
    test_write_file(path, "a: 1\nb: [\n");
    assert_null(yaml_read_file(path, &err));
    assert_memory_equal(err.text, path, strlen(path));
    assert_int_equal(err.text[strlen(path)], ':');
    test_write_file(path, "a: 1\n");
    struct yaml *yaml = yaml_read_file(path, &err);
    assert_non_null(yaml);
    yaml_free(yaml);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_and_places),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_two_documents),
        cmocka_unit_test(test_text_that_is_no_yaml),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_very_deep),
        cmocka_unit_test(test_scalars),
        cmocka_unit_test(test_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
