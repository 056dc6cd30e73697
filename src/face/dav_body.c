#include "face/dav_body.h"

#include <errno.h>
#include <expat.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DAV_SPACE "DAV:"
#define BETWEEN '\n' /* of namespace and name: in neither */
#define DEPTH_MOST 32

struct reader {
    XML_Parser parser;
    struct dav_propfind *propfind;
    struct err *err;
    int depth;
    bool listing; /* inside prop or include */
    bool wished;
};

static void stop(struct reader *reader, int code, const char *sentence)
{
    if (!reader->err->code)
        err_set(reader->err, code, "%s", sentence);
    XML_StopParser(reader->parser, XML_FALSE);
}

static bool is_dav(const char *name, const char *wanted)
{
    size_t space = strlen(DAV_SPACE);
    return strncmp(name, DAV_SPACE, space) == 0 && name[space] == BETWEEN &&
           strcmp(name + space + 1, wanted) == 0;
}

static bool is_known(const struct dav_propfind *propfind, const char *space, size_t length,
                     const char *name)
{
    for (size_t i = 0; i < propfind->count; i++) {
        const struct dav_property *one = &propfind->properties[i];
        if (strlen(one->space) == length && memcmp(one->space, space, length) == 0 &&
            strcmp(one->name, name) == 0)
            return true;
    }
    return false;
}

static void add_property(struct reader *reader, const char *element)
{
    struct dav_propfind *propfind = reader->propfind;
    const char *end = strrchr(element, BETWEEN);
    const char *name = end ? end + 1 : element;
    size_t length = end ? (size_t)(end - element) : 0;
    if (is_known(propfind, element, length, name))
        return;
    if (propfind->count == DAV_PROPERTIES_MOST) {
        stop(reader, -E2BIG, "it asks for more than 64 properties");
        return;
    }
    struct dav_property *property = &propfind->properties[propfind->count++];
    property->space = strndup(element, length);
    property->name = strdup(name);
    if (!property->space || !property->name)
        stop(reader, -ENOMEM, "there is no memory for it");
}

static void set_wish(struct reader *reader, enum dav_wish wish)
{
    if (reader->wished)
        stop(reader, -EINVAL, "it must hold just one of allprop, propname and prop");
    reader->wished = true;
    reader->propfind->wish = wish;
}

/* What is unknown is passed over (RFC 4918 section 17). */
static void on_child(struct reader *reader, const char *name)
{
    reader->listing = is_dav(name, "prop") || is_dav(name, "include");
    if (is_dav(name, "prop"))
        set_wish(reader, DAV_PROP);
    else if (is_dav(name, "allprop"))
        set_wish(reader, DAV_ALLPROP);
    else if (is_dav(name, "propname"))
        set_wish(reader, DAV_PROPNAME);
}

static void on_begin(void *user, const char *name, const char **attributes)
{
    struct reader *reader = user;
    (void)attributes;
    switch (reader->depth++) {
    case 0:
        if (!is_dav(name, "propfind"))
            stop(reader, -EINVAL, "its root must be propfind in the namespace DAV:");
        break;
    case 1:
        on_child(reader, name);
        break;
    case 2:
        if (reader->listing)
            add_property(reader, name);
        break;
    case DEPTH_MOST:
        stop(reader, -EINVAL, "its elements are nested too deep");
        break;
    default:
        break;
    }
}

static void on_end(void *user, const char *name)
{
    struct reader *reader = user;
    (void)name;
    reader->depth--;
}

static void on_doctype(void *user, const char *name, const char *system_id, const char *public_id,
                       int internal)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)internal;
    stop(user, -EINVAL, "it must not have a document type");
}

static int parse(struct reader *reader, const char *body, size_t length)
{
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_begin, on_end);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    if (XML_Parse(reader->parser, body, (int)length, XML_TRUE) == XML_STATUS_OK)
        return reader->wished ? 0
                              : err_set(reader->err, -EINVAL,
                                        "it must hold one of allprop, propname and prop");
    if (reader->err->code)
        return reader->err->code;
    return err_set(reader->err, -EINVAL, "line %lu, column %lu: %s",
                   XML_GetCurrentLineNumber(reader->parser),
                   XML_GetCurrentColumnNumber(reader->parser) + 1,
                   XML_ErrorString(XML_GetErrorCode(reader->parser)));
}

int dav_propfind_parse(struct dav_propfind *propfind, const char *body, size_t length,
                       struct err *err)
{
    *propfind = (struct dav_propfind){.wish = DAV_ALLPROP};
    *err = ERR_EMPTY;
    if (length == 0)
        return 0;
    if (length > DAV_BODY_MOST)
        return err_set(err, -E2BIG, "it is longer than %u bytes", DAV_BODY_MOST);
    struct reader reader = {.propfind = propfind, .err = err};
    reader.parser = XML_ParserCreateNS(NULL, BETWEEN);
    if (!reader.parser)
        return err_set(err, -ENOMEM, "there is no memory for it");
    int result = parse(&reader, body, length);
    XML_ParserFree(reader.parser);
    return result;
}

void dav_propfind_deinit(struct dav_propfind *propfind)
{
    for (size_t i = 0; i < propfind->count; i++) {
        free(propfind->properties[i].space);
        free(propfind->properties[i].name);
    }
    propfind->count = 0;
}
