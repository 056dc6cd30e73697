#include "face/dav_answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "face/http_range.h"

#define FILE_TYPE "text/csv; charset=utf-8; header=present"
#define NS_PER_S 1000000000

/* ---- text ------------------------------------------------------------------------------------ */

/* For content and attributes of XML and HTML alike. */
static void add_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            buf_add_text(out, "&amp;");
            break;
        case '<':
            buf_add_text(out, "&lt;");
            break;
        case '>':
            buf_add_text(out, "&gt;");
            break;
        case '"':
            buf_add_text(out, "&quot;");
            break;
        case '\'':
            buf_add_text(out, "&#39;");
            break;
        case '\t':
        case '\n':
        case '\r': /* an attribute's would be read as a blank */
            buf_add_format(out, "&#%d;", *text);
            break;
        default:
            buf_add_char(out, *text);
        }
    }
}

/* A path of a URL (RFC 3986): what is not unreserved or "/" is escaped. */
static void add_path(struct buf *out, const char *path)
{
    for (const unsigned char *at = (const unsigned char *)path; *at; at++) {
        bool plain = (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') ||
                     (*at >= 'A' && *at <= 'Z') || strchr("-._~/", *at);
        if (plain)
            buf_add_char(out, (char)*at);
        else
            buf_add_format(out, "%%%02X", *at);
    }
}

void dav_etag(const struct dav_resource *file, char *etag)
{
    snprintf(etag, DAV_ETAG_SIZE, "\"%" PRIx64 "-%" PRIx64 "\"", (uint64_t)file->modified_ns,
             file->bytes);
}

/* ---- properties ------------------------------------------------------------------------------ */

static bool is_folder(const struct dav_resource *resource)
{
    return !*resource->name;
}

static void write_type(struct buf *out, const struct dav_resource *resource)
{
    if (is_folder(resource))
        buf_add_text(out, "<D:collection/>");
}

static void write_name(struct buf *out, const struct dav_resource *resource)
{
    add_escaped(out, is_folder(resource) ? "export" : resource->name);
}

static void write_length(struct buf *out, const struct dav_resource *resource)
{
    buf_add_format(out, "%" PRIu64, resource->bytes);
}

static void write_content_type(struct buf *out, const struct dav_resource *resource)
{
    (void)resource;
    buf_add_text(out, FILE_TYPE);
}

static void write_etag(struct buf *out, const struct dav_resource *resource)
{
    char etag[DAV_ETAG_SIZE];
    dav_etag(resource, etag);
    add_escaped(out, etag);
}

static void write_modified(struct buf *out, const struct dav_resource *resource)
{
    char date[HTTP_DATE_SIZE];
    http_date_format(resource->modified_ns / NS_PER_S, date);
    buf_add_text(out, date);
}

enum { OF_FILES = 1, OF_FOLDERS = 2, OF_BOTH = 3 };

/* RFC 4918 section 15; locks and creation dates do not exist here. */
static const struct live {
    const char *name;
    unsigned of;
    void (*write)(struct buf *out, const struct dav_resource *resource);
} lives[] = {
    {"resourcetype", OF_BOTH, write_type},
    {"displayname", OF_BOTH, write_name},
    {"getlastmodified", OF_BOTH, write_modified},
    {"getcontentlength", OF_FILES, write_length},
    {"getcontenttype", OF_FILES, write_content_type},
    {"getetag", OF_FILES, write_etag},
};
#define LIVES (sizeof lives / sizeof *lives)

static bool has(const struct live *live, const struct dav_resource *resource)
{
    if (live->write == write_modified && !resource->modified_ns)
        return false;
    return live->of & (is_folder(resource) ? OF_FOLDERS : OF_FILES);
}

static const struct live *find(const struct dav_property *property,
                               const struct dav_resource *resource)
{
    for (size_t i = 0; i < LIVES; i++) {
        if (strcmp(property->space, "DAV:") == 0 && strcmp(property->name, lives[i].name) == 0)
            return has(&lives[i], resource) ? &lives[i] : NULL;
    }
    return NULL;
}

static void write_live(struct buf *out, const struct live *live,
                       const struct dav_resource *resource, bool name_only)
{
    if (name_only) {
        buf_add_format(out, "<D:%s/>", live->name);
        return;
    }
    buf_add_format(out, "<D:%s>", live->name);
    live->write(out, resource);
    buf_add_format(out, "</D:%s>", live->name);
}

/* ---- multistatus ----------------------------------------------------------------------------- */

static void open_status(struct buf *out)
{
    buf_add_text(out, "<D:propstat><D:prop>");
}

static void close_status(struct buf *out, const char *status)
{
    buf_add_format(out, "</D:prop><D:status>HTTP/1.1 %s</D:status></D:propstat>", status);
}

static void write_found(struct buf *out, const struct dav_propfind *propfind,
                        const struct dav_resource *resource)
{
    bool any = false;
    if (propfind->wish == DAV_PROP) {
        for (size_t i = 0; i < propfind->count; i++) {
            const struct live *live = find(&propfind->properties[i], resource);
            if (live && !any)
                open_status(out);
            if (live)
                write_live(out, live, resource, false);
            any |= live != NULL;
        }
    } else {
        open_status(out);
        any = true;
        for (size_t i = 0; i < LIVES; i++) {
            if (has(&lives[i], resource))
                write_live(out, &lives[i], resource, propfind->wish == DAV_PROPNAME);
        }
    }
    if (any)
        close_status(out, "200 OK");
}

static bool write_missing(struct buf *out, const struct dav_propfind *propfind,
                          const struct dav_resource *resource)
{
    bool any = false;
    for (size_t i = 0; i < propfind->count; i++) {
        const struct dav_property *property = &propfind->properties[i];
        if (find(property, resource))
            continue;
        if (!any)
            open_status(out);
        any = true;
        /* a prefix cannot stand for "no namespace", but the default may */
        buf_add_format(out, "<%s%s xmlns%s=\"", *property->space ? "x:" : "", property->name,
                       *property->space ? ":x" : "");
        add_escaped(out, property->space);
        buf_add_text(out, "\"/>");
    }
    if (any)
        close_status(out, "404 Not Found");
    return any;
}

void dav_answer_begin(struct buf *out)
{
    buf_add_text(out,
                 "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:multistatus xmlns:D=\"DAV:\">");
}

void dav_answer_add(struct buf *out, const struct dav_propfind *propfind,
                    const struct dav_resource *resource)
{
    buf_add_text(out, "\n<D:response><D:href>");
    add_path(out, resource->folder);
    add_path(out, resource->name);
    buf_add_text(out, "</D:href>");
    size_t before = out->length;
    write_found(out, propfind, resource);
    write_missing(out, propfind, resource);
    if (out->length == before) { /* an empty prop: a response must hold one status at least */
        open_status(out);
        close_status(out, "200 OK");
    }
    buf_add_text(out, "</D:response>");
}

void dav_answer_end(struct buf *out)
{
    buf_add_text(out, "\n</D:multistatus>\n");
}

/* ---- the page -------------------------------------------------------------------------------- */

void dav_page_begin(struct buf *out)
{
    buf_add_text(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width\">\n"
                      "<title>Export</title>\n<h1>Export</h1>\n"
                      "<p>This address is also a network drive (WebDAV), to be read only.</p>\n"
                      "<table>\n<tr><th>File<th>Bytes<th>Written\n");
}

void dav_page_add(struct buf *out, const struct dav_resource *file)
{
    char date[HTTP_DATE_SIZE];
    http_date_format(file->modified_ns / NS_PER_S, date);
    buf_add_text(out, "<tr><td><a href=\"");
    add_path(out, file->folder);
    add_path(out, file->name);
    buf_add_text(out, "\">");
    add_escaped(out, file->name);
    buf_add_format(out, "</a><td>%" PRIu64 "<td>%s\n", file->bytes, date);
}

void dav_page_end(struct buf *out)
{
    buf_add_text(out, "</table>\n</html>\n");
}
