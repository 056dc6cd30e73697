/* fuzz_http_json - what clients send as a body, and the texts beside it: JSON, header fields,
 * hosts, times, event ids. */
#include <stdlib.h>
#include <string.h>

#include "face/http_check.h"
#include "face/json_body.h"
#include "face/pages.h"
#include "face/time_form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_scalars(const json_t *object)
{
    char text[64];
    const char *key;
    json_t *value;
    json_t *plain = (json_t *)(uintptr_t)object;
    json_object_foreach(plain, key, value)
    {
        if (json_body_scalar(value, text, sizeof text) == 0 && strlen(text) >= sizeof text)
            abort();
    }
}

static void read_body(const char *bytes, size_t length)
{
    struct err err = ERR_EMPTY;
    json_t *object = json_body_read(bytes, length, &err);
    if (object ? !json_is_object(object) : err.code >= 0 || !err.text[0])
        abort();
    if (object)
        read_scalars(object);
    json_decref(object);
}

/* Lines "name: value" as header fields. */
static void read_headers(const char *text, const char *version)
{
    struct http_check check = HTTP_CHECK_EMPTY;
    for (const char *at = text; *at;) {
        size_t line = strcspn(at, "\n");
        const char *colon = memchr(at, ':', line);
        if (colon)
            http_check_header(&check, at, (size_t)(colon - at), colon + 1,
                              line - (size_t)(colon + 1 - at));
        at += line + (at[line] == '\n');
    }
    const char *sentence = http_check_end(&check, version);
    if (!sentence && (check.bad_name || check.hosts > 1 || (check.lengths && check.encodings)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    clock_us wall;
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    read_body(text, size);
    read_headers(text, "HTTP/1.1");
    read_headers(text, "HTTP/1.0");
    http_check_target(text);
    http_host_allowed(text, "unit.example.net", "a.example.org b.example.org");
    http_host_allowed("a.example.org", text, text);
    pages_accepts_gzip(text);
    time_form_find(text);
    time_form_parse(text, 1790000000LL * CLOCK_S, &wall);
    free(text);
    return 0;
}
