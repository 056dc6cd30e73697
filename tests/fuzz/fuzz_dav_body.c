/* fuzz_dav_body - bodies and header fields of the network drive. */
#include <stdlib.h>
#include <string.h>

#include "face/dav_body.h"
#include "face/dav_login.h"
#include "face/http_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fields(const char *text)
{
    struct dav_credentials credentials;
    uint64_t first = 0, length = 0;
    int64_t seconds;
    if (http_range_parse(text, 1000, &first, &length) == HTTP_RANGE_PART &&
        (length == 0 || first >= 1000 || length > 1000 - first))
        abort();
    const struct http_conditions sent = {text, text, text, text, text};
    http_conditions_check(&sent, "\"a\"", 784111777);
    http_conditions_range(&sent, "\"a\"", 784111777);
    http_date_parse(text, &seconds);
    if (dav_credentials_parse(text, &credentials) &&
        (strlen(credentials.user) >= sizeof credentials.user ||
         strlen(credentials.password) > DAV_PASSWORD_MOST))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dav_propfind wish;
    struct err err = ERR_EMPTY;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (dav_propfind_parse(&wish, text, size, &err) != err.code)
        abort();
    if (wish.count > DAV_PROPERTIES_MOST)
        abort();
    dav_propfind_deinit(&wish);
    fields(text);
    free(text);
    return 0;
}
