/* client - the command line as a client of the API: over the daemon's unix socket, or any URL with
 * a token.
 *
 * Where to: --url or BUSBAR_URL, else the socket --socket, BUSBAR_SOCKET, ./state/busbar.sock or
 * /var/lib/busbar/busbar.sock, the first that exists. Blocking: a command has nothing else to do.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/options.h"

struct client_options {
    const char *url, *socket, *token, *ca_file;
    bool insecure;
};

/* Rows for a command's option table; `c` is a struct client_options. */
#define CLIENT_OPTION_ROWS(c)                                                                      \
    {"url", "URL", "address of the daemon (default: its unix socket)", &(c).url, NULL},            \
        {"socket", "PATH", "the daemon's unix socket", &(c).socket, NULL},                         \
        {"token", "TOKEN", "API token, better in BUSBAR_TOKEN", &(c).token, NULL},                 \
        {"ca", "FILE", "trust this certificate", &(c).ca_file, NULL},                              \
    {                                                                                              \
        "insecure", NULL, "do not check the certificate", NULL, &(c).insecure                      \
    }

struct client;

/* NULL and `err` when there is no daemon to talk to. */
struct client *client_open(const struct client_options *options, struct err *err);
struct client *client_close(struct client *client);

/* Ask; `body` NULL or JSON text. The answer's bytes go to `answer`; a problem of the API becomes
 * the sentence in `err`. 0 or negative. */
int client_ask(struct client *client, const char *method, const char *path, const char *body,
               struct buf *answer, struct err *err);

/* POST a body of another type. */
int client_send(struct client *client, const char *path, const char *type, const struct buf *body,
                struct buf *answer, struct err *err);

/* The same with `body` (NULL: none; borrowed) and answer as trees; NULL and `err` on failure. The
 * answer is freed with json_decref. A body may hold a secret: its text is wiped. */
json_t *client_ask_json(struct client *client, const char *method, const char *path,
                        const json_t *body, struct err *err);

/* A command that asks for one thing, from opening to closing: GET `path`, and the answer goes to
 * `print`, which returns the exit status; without `print` to standard output as it is. What went
 * wrong is said as "busbar COMMAND: ...". Returns the exit status. */
int client_show(const struct client_options *options, const char *command, const char *path,
                int (*print)(const struct buf *answer));

/* A text member of an object; "" when there is none. Borrowed. */
const char *client_text(const json_t *object, const char *key);

/* An integer member of an object; 0 when there is none. */
int64_t client_number(const json_t *object, const char *key);

/* Receive a stream: `fn` gets bytes as they come and returns false to end. */
int client_stream(struct client *client, const char *path,
                  bool (*fn)(void *user, const char *bytes, size_t length), void *user,
                  struct err *err);

/* Append `text` percent-encoded as part of a URL's query. */
void client_escape(struct buf *into, const char *text);

/* Append a parameter to a path with or without a query; `value` NULL: nothing. */
void client_parameter(struct buf *path, const char *name, const char *value);
