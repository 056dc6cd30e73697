#include "cli/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/command.h"

#define ANSWER_MAX (512u << 20)
#define JSON_TYPE "application/json"

struct client {
    CURL *curl;
    struct curl_slist *headers;
    char *authorization; /* NULL: without a token */
    char *base;
    char *socket; /* NULL: by URL */
    bool (*stream)(void *user, const char *bytes, size_t length);
    void *stream_user;
    struct buf *answer;
};

static const char *const socket_places[] = {"state/busbar.sock", "/var/lib/busbar/busbar.sock"};

static const char *find_socket(const struct client_options *options)
{
    if (options->socket)
        return options->socket;
    if (getenv("BUSBAR_SOCKET"))
        return getenv("BUSBAR_SOCKET");
    for (size_t i = 0; i < sizeof socket_places / sizeof *socket_places; i++) {
        if (access(socket_places[i], F_OK) == 0)
            return socket_places[i];
    }
    return NULL;
}

static size_t on_bytes(char *bytes, size_t size, size_t count, void *user)
{
    struct client *client = user;
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    if (client->stream && status == 200)
        return client->stream(client->stream_user, bytes, size * count) ? size * count : 0;
    buf_add(client->answer, bytes, size * count);
    return client->answer->failed ? 0 : size * count;
}

static void add_header(struct client *client, const char *name, const char *value)
{
    struct buf line = BUF_EMPTY;
    buf_add_format(&line, "%s: %s", name, value);
    client->headers = curl_slist_append(client->headers, buf_text(&line));
    buf_deinit(&line);
}

static void set_headers(struct client *client, const char *type)
{
    curl_slist_free_all(client->headers);
    client->headers = NULL;
    add_header(client, "Content-Type", type);
    if (client->authorization)
        add_header(client, "Authorization", client->authorization);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers);
}

struct client *client_open(const struct client_options *options, struct err *err)
{
    const char *url = options->url ? options->url : getenv("BUSBAR_URL");
    const char *socket = url ? NULL : find_socket(options);
    const char *token = options->token ? options->token : getenv("BUSBAR_TOKEN");
    if (!url && !socket) {
        err_set(err, -ENOENT,
                "no daemon found here: start one with `busbar run`, or name it with "
                "--socket PATH or --url https://HOST:8443");
        return NULL;
    }
    struct client *client = mem_new(sizeof *client);
    client->curl = curl_easy_init();
    client->base = mem_text(url ? url : "http://localhost");
    size_t length = strlen(client->base);
    if (length && client->base[length - 1] == '/')
        client->base[length - 1] = '\0';
    if (!client->curl) {
        err_set(err, -ENOMEM, "out of memory");
        return client_close(client);
    }
    if (socket) {
        client->socket = mem_text(socket);
        curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    }
    if (options->ca_file)
        curl_easy_setopt(client->curl, CURLOPT_CAINFO, options->ca_file);
    curl_easy_setopt(client->curl, CURLOPT_SSL_VERIFYPEER, options->insecure ? 0L : 1L);
    curl_easy_setopt(client->curl, CURLOPT_SSL_VERIFYHOST, options->insecure ? 0L : 2L);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
    if (token) {
        struct buf value = BUF_EMPTY;
        buf_add_format(&value, "Bearer %s", token);
        client->authorization = mem_text(buf_text(&value));
        buf_deinit(&value);
    }
    set_headers(client, JSON_TYPE);
    return client;
}

struct client *client_close(struct client *client)
{
    if (!client)
        return NULL;
    curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    free(client->authorization);
    free(client->base);
    free(client->socket);
    free(client);
    return NULL;
}

/* The sentence of a problem document (RFC 9457), else the bare status. */
static int describe_problem(struct client *client, const char *path, struct err *err)
{
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    json_t *problem =
        json_loadb(client->answer->data, client->answer->length, JSON_REJECT_DUPLICATES, NULL);
    const char *title = json_string_value(json_object_get(problem, "title"));
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    int code = status == 401 || status == 403 ? -EACCES : status == 404 ? -ENOENT : -EPROTO;
    if (title)
        err_set(err, code, "%s%s%s", title, detail ? ": " : "", detail ? detail : "");
    else
        err_set(err, code, "%s%s: the daemon answered with status %ld", client->base, path, status);
    json_decref(problem);
    return code;
}

static int perform(struct client *client, const char *path, struct err *err)
{
    struct buf url = BUF_EMPTY;
    buf_add_format(&url, "%s/api/v1%s", client->base, path);
    curl_easy_setopt(client->curl, CURLOPT_URL, buf_text(&url));
    CURLcode result = curl_easy_perform(client->curl);
    buf_deinit(&url);
    if (result == CURLE_WRITE_ERROR && client->stream)
        return 0; /* the receiver had enough */
    if (result == CURLE_COULDNT_CONNECT && client->socket)
        return err_set(err, -EIO, "no daemon answers at %s: start one with `busbar run`",
                       client->socket);
    if (result != CURLE_OK)
        return err_set(err, -EIO, "%s: %s", client->base, curl_easy_strerror(result));
    long status = 0;
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300 ? 0 : describe_problem(client, path, err);
}

int client_ask(struct client *client, const char *method, const char *path, const char *body,
               struct buf *answer, struct err *err)
{
    answer->limit = ANSWER_MAX;
    client->answer = answer;
    client->stream = NULL;
    curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body);
    if (!body)
        curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(client->curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, 60L);
    return perform(client, path, err);
}

int client_send(struct client *client, const char *path, const char *type, const struct buf *body,
                struct buf *answer, struct err *err)
{
    set_headers(client, type);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE, (long)body->length);
    int result = client_ask(client, "POST", path, body->data, answer, err);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE, -1L);
    set_headers(client, JSON_TYPE);
    return result;
}

static json_t *parse_answer(struct client *client, const char *path, const struct buf *answer,
                            struct err *err)
{
    if (answer->length == 0)
        return json_object();
    json_error_t where;
    json_t *json = json_loadb(answer->data, answer->length, JSON_REJECT_DUPLICATES, &where);
    if (!json)
        err_set(err, -EPROTO, "%s%s: the answer is not JSON: %s", client->base, path, where.text);
    return json;
}

json_t *client_ask_json(struct client *client, const char *method, const char *path,
                        const json_t *body, struct err *err)
{
    struct buf answer = BUF_EMPTY;
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
    json_t *json = NULL;
    if (client_ask(client, method, path, text, &answer, err) == 0)
        json = parse_answer(client, path, &answer, err);
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
    buf_deinit(&answer);
    return json;
}

int client_show(const struct client_options *options, const char *command, const char *path,
                int (*print)(const struct buf *answer))
{
    struct err err = ERR_EMPTY;
    struct buf answer = BUF_EMPTY;
    struct client *client = client_open(options, &err);
    int status = COMMAND_FAILED;
    if (client && client_ask(client, "GET", path, NULL, &answer, &err) == 0) {
        status = COMMAND_OK;
        if (print)
            status = print(&answer);
        else
            fwrite(answer.data, 1, answer.length, stdout);
    }
    if (err.code)
        fprintf(stderr, "busbar %s: %s\n", command, err.text);
    buf_deinit(&answer);
    client_close(client);
    return status;
}

const char *client_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

int64_t client_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

int client_stream(struct client *client, const char *path,
                  bool (*fn)(void *user, const char *bytes, size_t length), void *user,
                  struct err *err)
{
    struct buf answer = BUF_EMPTY;
    client->answer = &answer;
    client->stream = fn;
    client->stream_user = user;
    curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, 0L);
    int result = perform(client, path, err);
    buf_deinit(&answer);
    return result;
}

void client_escape(struct buf *into, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if ((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') ||
            (*at >= 'A' && *at <= 'Z') || strchr("-._~/*", *at)) {
            buf_add_char(into, (char)*at);
        } else {
            const char escape[3] = {'%', hex[*at >> 4], hex[*at & 15]};
            buf_add(into, escape, sizeof escape);
        }
    }
}

void client_parameter(struct buf *path, const char *name, const char *value)
{
    if (!value)
        return;
    buf_add_format(path, "%s%s=", memchr(path->data, '?', path->length) ? "&" : "?", name);
    client_escape(path, value);
}
