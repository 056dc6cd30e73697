/* fuzz_form_body - what plain forms send, and what becomes of it inside a page: the form's reader
 * and the escaping of texts. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "face/form_body.h"
#include "face/markup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Nothing in it may end the text or the value that it stands in, whatever it is. */
static void write_text(const char *text)
{
    struct buf out = BUF_EMPTY;
    markup_add(&out, text);
    if (out.length && utf8_valid(out.data, out.length) != out.length)
        abort();
    for (size_t i = 0; i < out.length; i++) {
        if (strchr("<>\"'", out.data[i]) || out.data[i] == '\0' || out.data[i] == '\x7f')
            abort();
    }
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct form form;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    write_text(text);
    if (form_read(&form, text, size) == 0) {
        size_t length = 0;
        for (size_t i = 0; i < form.count; i++) {
            length += strlen(form.fields[i].name) + strlen(form.fields[i].value);
            write_text(form.fields[i].value);
            if (!form_get(&form, form.fields[i].name))
                abort();
        }
        if (length > size || form.count > FORM_FIELDS)
            abort();
        form_deinit(&form);
    }
    free(text);
    return 0;
}
