#include "model/access_private.h"

#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"

/* access.json: {"version": 1, "users": [{...}], "tokens": [{...}]}, one user or token a line; times
 * in seconds since 1970. Whatever is not understood is an error: nobody's rights are guessed. */

#define VERSION 1
#define FILE_MOST (1u << 20)
#define COUNT_MOST 1000000 /* wrong tries; far above what blocks */
#define WAY_OUT "; repair the file, or remove it to begin again with a new administrator"

/* ---- reading --------------------------------------------------------------------------------- */

/* One entry while it is read: the first mistake is kept, later gets do nothing. */
struct reader {
    const struct access *access;
    const json_t *object;
    const char *list;
    size_t index;
    struct err *err;
    int result;
};

static void complain(struct reader *reader, const char *sentence, const char *key)
{
    if (reader->result == 0)
        reader->result = err_set(reader->err, -EINVAL, "%s: %s[%zu]: \"%.60s\" %s" WAY_OUT,
                                 reader->access->path, reader->list, reader->index, key, sentence);
}

static void only_keys(struct reader *reader, const char *const *keys)
{
    const char *key;
    json_t *value;
    if (!json_is_object(reader->object)) {
        complain(reader, "must be an object", reader->list);
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)reader->object, key, value)
    {
        size_t i = 0;
        while (keys[i] && strcmp(keys[i], key) != 0)
            i++;
        if (!keys[i])
            complain(reader, "is not a known key", key);
    }
}

/* Copies a text of 1 to size-1 bytes. */
static void get_text(struct reader *reader, const char *key, char *text, size_t size)
{
    const char *value = json_string_value(json_object_get(reader->object, key));
    if (!value || !*value || strlen(value) >= size)
        complain(reader, "is missing or not a text of the right length", key);
    else
        snprintf(text, size, "%s", value);
}

static clock_us get_time(struct reader *reader, const char *key)
{
    const json_t *value = json_object_get(reader->object, key);
    json_int_t seconds = json_integer_value(value);
    if (!json_is_integer(value) || seconds < 0 || seconds > 253402300799) /* the end of 9999 */
        complain(reader, "is missing or not a time in seconds", key);
    else
        return seconds * CLOCK_S;
    return 0;
}

static enum access_role get_role(struct reader *reader)
{
    char text[24] = "";
    get_text(reader, "role", text, sizeof text);
    enum access_role role = access_role_find(text);
    if (role == ROLE_NONE)
        complain(reader, "must be view, control, installer or administrator", "role");
    return role;
}

static bool has(const struct reader *reader, const char *key)
{
    return json_object_get(reader->object, key);
}

static void get_hash(struct reader *reader, const char *key, char hash[ACCESS_HASH_MAX])
{
    get_text(reader, key, hash, ACCESS_HASH_MAX);
    if (reader->result == 0 && !access_password_is_hash(hash))
        complain(reader, "must be an argon2id hash", key);
}

/* A count that cannot be read is an error like any other: taking it for none would give tries
 * back. */
static unsigned get_count(struct reader *reader, const char *key)
{
    const json_t *value = json_object_get(reader->object, key);
    json_int_t count = json_integer_value(value);
    if (value && (!json_is_integer(value) || count < 0 || count > COUNT_MOST))
        complain(reader, "is not a number of wrong tries", key);
    return (unsigned)count;
}

/* A password, or PIN and PUK, or both. */
static void read_secrets(struct reader *reader, struct access_account *account)
{
    bool pin = has(reader, "pin") || has(reader, "puk");
    if (has(reader, "password") || !pin)
        get_hash(reader, "password", account->hash);
    if (pin) {
        get_hash(reader, "pin", account->pin);
        get_hash(reader, "puk", account->puk);
    }
    account->pin_wrong = get_count(reader, "pin_wrong");
    account->puk_wrong = get_count(reader, "puk_wrong");
}

static int read_account(struct access *access, struct reader *reader)
{
    static const char *const keys[] = {"name",      "role", "must_change", "created",
                                       "password",  "pin",  "puk",         "pin_wrong",
                                       "puk_wrong", "home", NULL};
    struct access_account *account = &access->accounts[access->account_count];
    struct err name_err;
    only_keys(reader, keys);
    get_text(reader, "name", account->name, sizeof account->name);
    read_secrets(reader, account);
    if (has(reader, "home"))
        get_text(reader, "home", account->home, sizeof account->home);
    account->role = get_role(reader);
    account->created = get_time(reader, "created");
    const json_t *must_change = json_object_get(reader->object, "must_change");
    if (!json_is_boolean(must_change))
        complain(reader, "must be true or false", "must_change");
    account->must_change = json_is_true(must_change);
    if (reader->result == 0 && access_check_name(account->name, &name_err) < 0)
        complain(reader, "cannot be the name of a user", account->name);
    if (reader->result == 0 && access_account_find(access, account->name))
        complain(reader, "is there twice", account->name);
    if (reader->result == 0)
        access->account_count++;
    return reader->result;
}

static int read_token(struct access *access, struct reader *reader)
{
    static const char *const keys[] = {"id", "name", "role", "created", "expires", "hash", NULL};
    struct access_token_entry *token = &access->tokens[access->token_count];
    char hex[2 * sizeof token->hash + 1] = "";
    size_t length = 0;
    only_keys(reader, keys);
    get_text(reader, "id", token->id, sizeof token->id);
    get_text(reader, "name", token->name, sizeof token->name);
    token->role = get_role(reader);
    token->created = get_time(reader, "created");
    token->expires = get_time(reader, "expires");
    get_text(reader, "hash", hex, sizeof hex);
    if (reader->result == 0 && (sodium_hex2bin(token->hash, sizeof token->hash, hex, strlen(hex),
                                               NULL, &length, NULL) < 0 ||
                                length != sizeof token->hash))
        complain(reader, "must be 64 hexadecimal digits", "hash");
    for (size_t i = 0; i < access->token_count; i++) {
        if (strcmp(access->tokens[i].id, token->id) == 0)
            complain(reader, "is there twice", token->id);
    }
    if (reader->result == 0)
        access->token_count++;
    return reader->result;
}

static int read_list(struct access *access, const json_t *root, const char *list, size_t most,
                     int (*read_one)(struct access *access, struct reader *reader), struct err *err)
{
    const json_t *array = json_object_get(root, list);
    if (!json_is_array(array) || json_array_size(array) > most)
        return err_set(err, -EINVAL, "%s: \"%s\" must be a list of at most %zu" WAY_OUT,
                       access->path, list, most);
    for (size_t i = 0; i < json_array_size(array); i++) {
        struct reader reader = {access, json_array_get(array, i), list, i, err, 0};
        if (read_one(access, &reader) < 0)
            return reader.result;
    }
    return 0;
}

static int read_root(struct access *access, const json_t *root, struct err *err)
{
    if (!json_is_object(root) || json_object_size(root) != 3 ||
        json_integer_value(json_object_get(root, "version")) != VERSION)
        return err_set(err, -EINVAL,
                       "%s: must hold \"version\": %d, \"users\" and \"tokens\", no more" WAY_OUT,
                       access->path, VERSION);
    int result = read_list(access, root, "users", LIMIT_USERS, read_account, err);
    if (result == 0)
        result = read_list(access, root, "tokens", LIMIT_TOKENS, read_token, err);
    for (size_t i = 0; result == 0 && i < access->account_count; i++) {
        if (access->accounts[i].role == ROLE_ADMINISTRATOR && *access->accounts[i].hash)
            return 0;
    }
    return result < 0
               ? result
               : err_set(err, -EINVAL, "%s: there is no administrator with a password" WAY_OUT,
                         access->path);
}

static void warn_when_readable(const char *path)
{
    struct stat about;
    if (stat(path, &about) == 0 && (about.st_mode & 077))
        log_warning("access", "%s can be read by others than its owner: chmod 600 it", path);
}

int access_store_load(struct access *access, struct err *err)
{
    struct buf text = BUF_EMPTY;
    int result = file_read(access->path, FILE_MOST, &text, err);
    if (result == 0) {
        json_error_t error;
        json_t *root =
            json_loadb(text.data ? text.data : "", text.length, JSON_REJECT_DUPLICATES, &error);
        result = root ? read_root(access, root, err)
                      : err_set(err, -EINVAL, "%s:%d:%d: %s" WAY_OUT, access->path, error.line,
                                error.column, error.text);
        json_decref(root);
        warn_when_readable(access->path);
    }
    if (text.data)
        sodium_memzero(text.data, text.capacity);
    buf_deinit(&text);
    return result;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void write_pin(struct json *json, const struct access_account *account)
{
    json_pair_text(json, "pin", account->pin);
    json_pair_text(json, "puk", account->puk);
    json_pair_int(json, "pin_wrong", account->pin_wrong);
    json_pair_int(json, "puk_wrong", account->puk_wrong);
}

static void write_account(struct json *json, const struct access_account *account)
{
    json_open_object(json);
    json_pair_text(json, "name", account->name);
    json_pair_text(json, "role", access_role_name(account->role));
    json_pair_bool(json, "must_change", account->must_change);
    json_pair_int(json, "created", account->created / CLOCK_S);
    if (*account->hash)
        json_pair_text(json, "password", account->hash);
    if (*account->pin)
        write_pin(json, account);
    if (*account->home)
        json_pair_text(json, "home", account->home);
    json_close_object(json);
}

static void write_token(struct json *json, const struct access_token_entry *token)
{
    char hex[2 * sizeof token->hash + 1];
    sodium_bin2hex(hex, sizeof hex, token->hash, sizeof token->hash);
    json_open_object(json);
    json_pair_text(json, "id", token->id);
    json_pair_text(json, "name", token->name);
    json_pair_text(json, "role", access_role_name(token->role));
    json_pair_int(json, "created", token->created / CLOCK_S);
    json_pair_int(json, "expires", token->expires / CLOCK_S);
    json_pair_text(json, "hash", hex);
    json_close_object(json);
}

void access_store_write(const struct access *access, struct buf *out)
{
    buf_add_format(out, "{\"version\": %d,\n\"users\": [", VERSION);
    for (size_t i = 0; i < access->account_count; i++) {
        struct json json = json_writer(out);
        buf_add_text(out, i ? ",\n" : "\n");
        write_account(&json, &access->accounts[i]);
    }
    buf_add_text(out, "\n],\n\"tokens\": [");
    for (size_t i = 0; i < access->token_count; i++) {
        struct json json = json_writer(out);
        buf_add_text(out, i ? ",\n" : "\n");
        write_token(&json, &access->tokens[i]);
    }
    buf_add_text(out, "\n]}\n");
}

int access_store_save(const struct access *access, struct err *err)
{
    struct buf out = BUF_EMPTY;
    access_store_write(access, &out);
    int result = out.failed ? err_set(err, -ENOMEM, "cannot write %s: out of memory", access->path)
                            : file_replace(access->path, out.data, out.length, 0600, err);
    if (out.data)
        sodium_memzero(out.data, out.capacity);
    buf_deinit(&out);
    return result;
}
