/* Any text as a YAML document: what is accepted is walked and asked for everything, what is refused
 * has a sentence. */
#include <assert.h>
#include <string.h>

#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libfyaml 0.7.12 loses a kilobyte in fy_atom_format_text for quoted text of very many pieces. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml";
}

/* Nesting is bounded by YAML_DEPTH_MAX, and so is this. */
static void walk(const struct yaml_node *node, int depth)
{
    int64_t integer;
    double number;
    bool flag;
    assert(depth <= YAML_DEPTH_MAX + 1);
    assert(strlen(yaml_text(node)) < YAML_FILE_MAX);
    assert(yaml_kind(node) == YAML_SCALAR || !*yaml_text(node));
    assert(yaml_kind(node) != YAML_SCALAR || yaml_count(node) == 0);
    if (yaml_int(node, &integer) == 0)
        assert(yaml_number(node, &number) == 0);
    (void)yaml_number(node, &number);
    (void)yaml_bool(node, &flag);
    (void)yaml_is_null(node);
    assert(yaml_place(node).line >= 0);
    for (size_t i = 0; i < yaml_count(node); i++) {
        const struct yaml_node *key = NULL, *value = yaml_at(node, i, &key);
        if (key) {
            assert(yaml_kind(key) == YAML_SCALAR);
            walk(key, depth + 1);
            assert(yaml_get(node, yaml_text(key)));
        }
        walk(value, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = ERR_EMPTY;
    struct yaml *yaml = yaml_read_text("fuzz", (const char *)data, size, &err);
    assert(yaml ? err.code == 0 : err.code < 0 && err.text[0]);
    if (yaml && yaml_root(yaml))
        walk(yaml_root(yaml), 0);
    yaml_free(yaml);
    return 0;
}
