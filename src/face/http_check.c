#include "face/http_check.h"

#include <string.h>
#include <strings.h>

static bool is(const char *name, size_t length, const char *wanted)
{
    return length == strlen(wanted) && strncasecmp(name, wanted, length) == 0;
}

/* tchar of RFC 9110 section 5.6.2 */
static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && !memchr("!#$%&'*+-.^_`|~", c, 15))
            return false;
    }
    return length > 0;
}

static void check_length(struct http_check *check, const char *value, size_t length)
{
    check->lengths++;
    check->length = 0;
    check->bad_length |= length == 0 || length > 18;
    for (size_t i = 0; i < length && i < 19; i++) {
        if (value[i] < '0' || value[i] > '9')
            check->bad_length = true;
        check->length = check->length * 10 + (uint64_t)(value[i] - '0');
    }
}

void http_check_header(struct http_check *check, const char *name, size_t name_length,
                       const char *value, size_t value_length)
{
    if (!is_token(name, name_length))
        check->bad_name = true;
    for (size_t i = 0; i < value_length; i++) {
        unsigned char c = (unsigned char)value[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            check->bad_value = true;
    }
    if (is(name, name_length, "host")) {
        check->hosts++;
        check->host = value;
    } else if (is(name, name_length, "content-length")) {
        check_length(check, value, value_length);
    } else if (is(name, name_length, "transfer-encoding")) {
        check->encodings++;
        check->not_chunked |= !is(value, value_length, "chunked");
    }
}

const char *http_check_end(const struct http_check *check, const char *version)
{
    bool old = strcmp(version, "HTTP/1.0") == 0;
    if (!old && strcmp(version, "HTTP/1.1") != 0)
        return "Only HTTP/1.1 and HTTP/1.0 are spoken here.";
    if (check->bad_name)
        return "A header's name holds a character that no name may hold, such as a blank before "
               "the colon.";
    if (check->bad_value)
        return "A header's value holds a control character.";
    if (check->hosts > 1 || (check->hosts == 0 && !old))
        return "A request must carry exactly one Host header.";
    if (check->lengths && check->encodings)
        return "Content-Length and Transfer-Encoding exclude each other.";
    if (check->lengths > 1 || check->bad_length)
        return "Content-Length must be given once, as a plain number.";
    if (check->encodings > 1 || check->not_chunked || (check->encodings && old))
        return "The only transfer encoding understood is chunked, once, in HTTP/1.1.";
    return NULL;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool http_check_target(const char *target)
{
    for (const char *at = target; *at; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f)
            return false;
        if (*at != '%')
            continue;
        int high = hex(at[1]), low = high < 0 ? -1 : hex(at[2]);
        if (low < 0 || high * 16 + low < ' ' || high * 16 + low == 0x7f)
            return false;
    }
    return true;
}

size_t http_host_length(const char *host)
{
    if (host[0] == '[') {
        const char *end = strchr(host, ']');
        return end ? (size_t)(end + 1 - host) : strlen(host);
    }
    const char *colon = strrchr(host, ':');
    return colon ? (size_t)(colon - host) : strlen(host);
}

/* Digits and dots only are an IPv4 address or nothing that DNS answers: top-level domains are never
 * numbers. */
static bool is_address(const char *host, size_t length)
{
    return host[0] == '[' || strspn(host, "0123456789.") >= length;
}

/* Suffixes that public DNS never delegates (RFC 6762, RFC 8375, RFC 6761, ICANN's .internal) or
 * that home routers use. */
static bool is_local(const char *host, size_t length)
{
    static const char *const suffixes[] = {".local", ".localhost", ".internal", ".lan",
                                           ".home",  ".home.arpa", ".test",     NULL};
    if (!memchr(host, '.', length))
        return true;
    for (size_t i = 0; suffixes[i]; i++) {
        size_t suffix = strlen(suffixes[i]);
        if (length > suffix && strncasecmp(host + length - suffix, suffixes[i], suffix) == 0)
            return true;
    }
    return false;
}

static bool is_listed(const char *host, size_t length, const char *names)
{
    static const char between[] = " ,;\t\n";
    while (*(names += strspn(names, between))) {
        size_t name = strcspn(names, between);
        if (name == length && strncasecmp(names, host, length) == 0)
            return true;
        names += name;
    }
    return false;
}

bool http_host_allowed(const char *host, const char *own, const char *names)
{
    size_t length = http_host_length(host);
    if (length == 0)
        return false;
    if (host[length - 1] == '.')
        length--; /* a full stop at the end makes the name absolute, not another one */
    return is_address(host, length) || is_local(host, length) || is(host, length, own ? own : "") ||
           is_listed(host, length, names ? names : "");
}
