#include "face/dav.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/export_folder.h"
#include "face/dav_answer.h"
#include "face/dav_body.h"
#include "face/dav_login.h"
#include "face/http_range.h"
#include "face/web_private.h"

#define ROOT "/export"
#define FOLDER ROOT "/"
#define ALLOW "OPTIONS, GET, HEAD, PROPFIND"
#define LIST_MOST (8u << 20) /* bytes of an answer: 10,000 files */

/* A request whose sign-in or disk is waited for. */
struct visit {
    struct request *request; /* NULL: it went away */
    struct dav_credentials credentials;
    struct access_job *sign_in;

    bool propfind, deep;
    struct dav_propfind wish;

    char folder[4096];
    struct export_name name;
    bool of_file;
    /* what the pool found */
    int error; /* negative errno */
    int fd;    /* of a GET of a file */
    struct dav_resource found;
    char found_name[EXPORT_NAME_SIZE];
    struct export_list list;
};

static bool is_method(const struct request *request, const char *method)
{
    return strcmp(request->method, method) == 0;
}

bool dav_is_ours(const char *url)
{
    size_t length = strlen(ROOT);
    return strncmp(url, ROOT, length) == 0 && (url[length] == '/' || url[length] == '\0');
}

void dav_begin(struct request *request)
{
    static const char *const methods[] = {"GET", "HEAD", "PROPFIND", "OPTIONS"};
    request->body.limit = DAV_BODY_MOST;
    if (request->check.length > DAV_BODY_MOST) {
        request->early = true;
        request_problem(request, 413, "body-too-large", "Too much was sent",
                        "A request of this drive may carry at most %u bytes.", DAV_BODY_MOST);
        return;
    }
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (is_method(request, methods[i]))
            return;
    }
    /* a file that somebody wants to put here must not be sent in vain */
    request->early = request->check.length > 0 || request->check.encodings > 0;
    request_add_header(request, "Allow", ALLOW);
    request_problem(request, 405, "method-not-allowed", "Not done here",
                    "This drive can be read, not changed: %s are possible.", ALLOW);
}

/* ---- life of a visit ------------------------------------------------------------------------- */

static void free_visit(struct visit *visit)
{
    dav_credentials_wipe(&visit->credentials);
    dav_propfind_deinit(&visit->wish);
    export_list_deinit(&visit->list);
    if (visit->fd >= 0)
        close(visit->fd);
    free(visit);
}

/* The client left while the pool works: the job frees the visit. */
static void on_gone(void *user)
{
    struct visit *visit = user;
    visit->request = NULL;
}

static void on_gone_signing_in(void *user)
{
    struct visit *visit = user;
    access_job_cancel(visit->sign_in);
    free_visit(visit);
}

/* ---- on the pool ----------------------------------------------------------------------------- */

static void find_folder(struct visit *visit)
{
    struct stat about;
    if (stat(visit->folder, &about) < 0) {
        visit->error = -errno;
        return;
    }
    visit->found.modified_ns = about.st_mtim.tv_sec * 1000000000LL + about.st_mtim.tv_nsec;
    if (visit->deep)
        visit->error = export_folder_list(visit->folder, &visit->list, NULL);
}

static void find_file(struct visit *visit)
{
    char path[sizeof visit->folder + EXPORT_NAME_SIZE];
    struct stat about;
    export_name_format(&visit->name, visit->found_name);
    snprintf(path, sizeof path, "%s/%s", visit->folder, visit->found_name);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) < 0 || !S_ISREG(about.st_mode)) {
        visit->error = fd < 0 ? -errno : -ENOENT;
        if (fd >= 0)
            close(fd);
        return;
    }
    visit->found.name = visit->found_name;
    visit->found.bytes = (uint64_t)about.st_size;
    visit->found.modified_ns = about.st_mtim.tv_sec * 1000000000LL + about.st_mtim.tv_nsec;
    visit->fd = fd;
    /* from here on the bytes are sent from memory: a slow card must not hold up the loop */
    if (!visit->propfind)
        readahead(fd, 0, (size_t)about.st_size);
}

static void work(void *user)
{
    struct visit *visit = user;
    if (visit->of_file)
        find_file(visit);
    else
        find_folder(visit);
}

/* ---- answers --------------------------------------------------------------------------------- */

static void answer_missing(struct request *request, int error)
{
    if (error == -ENOENT || error == -ELOOP || error == -ENOTDIR)
        request_problem(request, 404, "not-found", "No such file",
                        "There is nothing at this address; " FOLDER
                        " lists what there is, once the "
                        "setting export.enabled is on.");
    else
        request_problem(request, 503, "export-unavailable",
                        "The folder cannot be read at the moment", "%s.", strerror(-error));
}

static void answer_list(struct visit *visit)
{
    struct buf body = {.limit = LIST_MOST};
    struct dav_resource file = {.folder = FOLDER};
    char name[EXPORT_NAME_SIZE];
    if (visit->propfind) {
        dav_answer_begin(&body);
        dav_answer_add(&body, &visit->wish, &visit->found);
    } else {
        dav_page_begin(&body);
    }
    for (size_t i = 0; i < visit->list.count && !body.failed; i++) {
        const struct export_entry *entry = &visit->list.entries[i];
        export_name_format(&entry->name, name);
        file.name = name;
        file.bytes = entry->bytes;
        file.modified_ns = entry->modified_ns;
        if (visit->propfind)
            dav_answer_add(&body, &visit->wish, &file);
        else
            dav_page_add(&body, &file);
    }
    if (visit->propfind)
        dav_answer_end(&body);
    else
        dav_page_end(&body);
    request_answer_take(
        visit->request, visit->propfind ? 207 : 200,
        visit->propfind ? "application/xml; charset=utf-8" : "text/html; charset=utf-8", &body);
}

static struct http_conditions conditions_of(const struct request *request)
{
    return (struct http_conditions){
        .if_match = request_header(request, "If-Match"),
        .if_none_match = request_header(request, "If-None-Match"),
        .if_modified_since = request_header(request, "If-Modified-Since"),
        .if_unmodified_since = request_header(request, "If-Unmodified-Since"),
        .if_range = request_header(request, "If-Range"),
    };
}

static void answer_part(struct visit *visit, bool may_be_part)
{
    struct request *request = visit->request;
    uint64_t size = visit->found.bytes, first = 0, length = size;
    enum http_range range =
        may_be_part ? http_range_parse(request_header(request, "Range"), size, &first, &length)
                    : HTTP_RANGE_WHOLE;
    char text[80];
    if (range == HTTP_RANGE_IMPOSSIBLE) {
        snprintf(text, sizeof text, "bytes */%" PRIu64, size);
        request_add_header(request, "Content-Range", text);
        request_problem(request, 416, "bad-range", "No such part",
                        "The file has %" PRIu64 " bytes.", size);
        return;
    }
    if (range == HTTP_RANGE_PART) {
        snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first,
                 first + length - 1, size);
        request_add_header(request, "Content-Range", text);
    }
    request_answer_file(request, range == HTTP_RANGE_PART ? 206 : 200,
                        "text/csv; charset=utf-8; header=present", visit->fd, first, length);
    visit->fd = -1;
}

static void answer_file(struct visit *visit)
{
    struct request *request = visit->request;
    char etag[DAV_ETAG_SIZE], date[HTTP_DATE_SIZE];
    int64_t modified = visit->found.modified_ns / 1000000000;
    dav_etag(&visit->found, etag);
    http_date_format(modified, date);
    request_add_header(request, "ETag", etag);
    request_add_header(request, "Last-Modified", date);
    request_add_header(request, "Accept-Ranges", "bytes");
    const struct http_conditions conditions = conditions_of(request);
    unsigned status = http_conditions_check(&conditions, etag, modified);
    if (status)
        request_answer_empty(request, status);
    else
        answer_part(visit, !request_is_head(request) &&
                               http_conditions_range(&conditions, etag, modified));
}

static void on_worked(void *user)
{
    struct visit *visit = user;
    if (!visit->request)
        ; /* gone */
    else if (visit->error)
        answer_missing(visit->request, visit->error);
    else if (visit->of_file && !visit->propfind)
        answer_file(visit);
    else
        answer_list(visit);
    free_visit(visit);
}

/* ---- what is asked for ----------------------------------------------------------------------- */

static bool read_depth(struct request *request, bool *deep)
{
    const char *depth = request_header(request, "Depth");
    /* nothing lies deeper than the files, so infinity is as good as 1 */
    *deep = !depth || strcmp(depth, "1") == 0 || strcasecmp(depth, "infinity") == 0;
    if (*deep || strcmp(depth, "0") == 0)
        return true;
    request_problem(request, 400, "bad-parameter", "Bad depth", "Depth is one of 0, 1, infinity.");
    return false;
}

static bool read_propfind(struct visit *visit)
{
    struct request *request = visit->request;
    struct err err = ERR_EMPTY;
    if (!read_depth(request, &visit->deep))
        return false;
    if (dav_propfind_parse(&visit->wish, request->body.data, request->body.length, &err) == 0)
        return true;
    request_problem(request, err.code == -ENOMEM ? 503 : 400, "malformed",
                    "The body is no PROPFIND", "%s.", err.text);
    return false;
}

/* False when it has been answered. */
static bool read_target(struct visit *visit)
{
    struct request *request = visit->request;
    const char *rest = request->url + strlen(ROOT);
    visit->found = (struct dav_resource){.folder = FOLDER, .name = ""};
    visit->of_file = strcmp(rest, "") != 0 && strcmp(rest, "/") != 0;
    visit->deep = true;
    snprintf(visit->folder, sizeof visit->folder, "%s" FOLDER, request->web->context.state_folder);
    if (visit->of_file && !export_name_parse(rest + 1, &visit->name)) {
        answer_missing(request, -ENOENT);
        return false;
    }
    visit->propfind = is_method(request, "PROPFIND");
    return !visit->propfind || read_propfind(visit);
}

static void look(struct visit *visit)
{
    struct request *request = visit->request;
    bool to_do = read_target(visit);
    if (to_do && loop_job_start(request->web->context.loop, work, on_worked, visit) == 0) {
        request_wait(request, on_gone, visit);
        return;
    }
    if (to_do)
        request_answer_response(request, 503, NULL);
    free_visit(visit);
}

/* ---- who asks -------------------------------------------------------------------------------- */

static void ask_password(struct request *request)
{
    request_add_header(request, "WWW-Authenticate", "Basic realm=\"busbar\", charset=\"UTF-8\"");
    request_problem(request, 401, "sign-in-required", "Sign in first",
                    "This needs the role view: a user's name and password, or any name and a token "
                    "in place of the password.");
}

static void on_signed_in(void *user, const struct access_sign_in *result)
{
    struct visit *visit = user;
    struct request *request = visit->request;
    char seconds[16];
    switch (result->outcome) {
    case ACCESS_SIGNED_IN:
        dav_logins_keep(request->web->logins, &visit->credentials, result->session);
        request->role = result->role;
        snprintf(request->user, sizeof request->user, "%s", result->user);
        look(visit);
        return;
    case ACCESS_SLOWED:
        snprintf(seconds, sizeof seconds, "%d", result->retry_s);
        request_add_header(request, "Retry-After", seconds);
        request_problem(request, 429, "too-many-attempts", "Too many attempts",
                        "Try again in %d s.", result->retry_s);
        break;
    case ACCESS_CHANGE_REQUIRED:
        request_problem(request, 403, "password-change-required", "Choose a password first",
                        "Sign in on the page once and replace the one-time secret.");
        break;
    case ACCESS_BUSY:
        request_problem(request, 503, "busy", "Not now", "%s.", result->err.text);
        break;
    case ACCESS_REFUSED:
    case ACCESS_BLOCKED:
    case ACCESS_WEAK:
        ask_password(request);
        break;
    }
    free_visit(visit);
}

static void sign_in(struct visit *visit)
{
    struct request *request = visit->request;
    visit->sign_in = access_sign_in(request->web->context.access, request->peer->address,
                                    visit->credentials.user, visit->credentials.password, NULL,
                                    on_signed_in, visit);
    if (visit->sign_in) {
        request_wait(request, on_gone_signing_in, visit);
        return;
    }
    request_answer_response(request, 503, NULL);
    free_visit(visit);
}

static void check_password(struct visit *visit)
{
    struct request *request = visit->request;
    struct access_identity identity;
    if (!request->peer->tls) {
        request_problem(request, 403, "https-required", "Not over plain HTTP",
                        "A password would cross the network unencrypted: use https, port %d.",
                        request->web->https_port);
        free_visit(visit);
    } else if (!dav_credentials_parse(request_header(request, "Authorization"),
                                      &visit->credentials)) {
        ask_password(request);
        free_visit(visit);
    } else if (dav_logins_find(request->web->logins, &visit->credentials, &identity)) {
        request->role = identity.role;
        snprintf(request->user, sizeof request->user, "%s", identity.user);
        look(visit);
    } else {
        sign_in(visit);
    }
}

static bool may_read(struct request *request)
{
    const struct access_identity identity = access_identify(
        request->web->context.access, request_cookie(request, WEB_COOKIE), request_token(request));
    request->role = request->peer->local ? ROLE_ADMINISTRATOR : identity.role;
    return request->role >= ROLE_VIEW;
}

void dav_serve(struct request *request)
{
    request_add_header(request, "DAV", "1");
    if (is_method(request, "OPTIONS")) {
        request_add_header(request, "Allow", ALLOW);
        request_add_header(request, "MS-Author-Via", "DAV");
        request_answer_empty(request, 200);
        return;
    }
    struct visit *visit = calloc(1, sizeof *visit);
    if (!visit) {
        request_answer_response(request, 503, NULL);
        return;
    }
    visit->request = request;
    visit->fd = -1;
    if (may_read(request))
        look(visit);
    else
        check_password(visit);
}
