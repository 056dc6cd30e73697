#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "face/access_wait.h"
#include "face/api_operations.h"
#include "face/json_body.h"
#include "face/web_private.h"
#include "face/web_settings.h"

#define PASSWORD_MOST 1024

static struct access *access_of(const struct request *request)
{
    return request->web->context.access;
}

/* Index of a user, or -1. */
static int find_user(const struct request *request, const char *name)
{
    const struct access *access = access_of(request);
    for (size_t i = 0; i < access_user_count(access); i++) {
        if (strcmp(access_user_at(access, i).name, name) == 0)
            return (int)i;
    }
    return -1;
}

static const char *const pin_names[] = {
    [ACCESS_PIN_NONE] = "none",
    [ACCESS_PIN_SET] = "set",
    [ACCESS_PIN_BLOCKED] = "blocked",
    [ACCESS_PUK_BLOCKED] = "puk-blocked",
};

/* The members of a user's object. */
static void write_user(struct json *json, const struct access_user *user, struct loop *loop)
{
    json_pair_text(json, "name", user->name);
    json_pair_text(json, "role", access_role_name(user->role));
    json_pair_bool(json, "must_change", user->must_change);
    json_pair_bool(json, "password", user->password);
    json_pair_text(json, "pin", pin_names[user->pin]);
    json_pair_text(json, "home", *user->home ? user->home : NULL);
    json_key(json, "locked_until");
    if (user->locked_until)
        time_form_add(json, loop_wall(loop) + user->locked_until - loop_now(loop), TIME_FORM_UTC);
    else
        json_none(json);
}

/* Shown this once; a PIN that was chosen is not said back. */
static void write_codes(struct json *json, const struct access_codes *codes)
{
    json_pair_text(json, "pin", *codes->pin ? codes->pin : NULL);
    json_pair_text(json, "puk", *codes->puk ? codes->puk : NULL);
}

void api_users_list(struct request *request)
{
    const struct access *access = access_of(request);
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_array(&json);
    for (size_t i = 0; i < access_user_count(access); i++) {
        const struct access_user user = access_user_at(access, i);
        json_open_object(&json);
        write_user(&json, &user, request->web->context.loop);
        json_close_object(&json);
    }
    json_close_array(&json);
    request_answer_json(request, &body);
}

/* ---- changing -------------------------------------------------------------------------------- */

/* What the answer tells besides success. */
enum answering { NOTHING, THE_USER, THE_CODES };

struct change {
    struct access_wait wait;
    enum answering answering;
    char name[LIMIT_NAME + 1];
};

static struct change *new_change(struct request *request, const char *name,
                                 enum answering answering)
{
    struct change *change = access_wait_new(request, sizeof *change);
    if (!change)
        return NULL;
    change->answering = answering;
    snprintf(change->name, sizeof change->name, "%s", name);
    return change;
}

static void refuse(struct request *request, const struct err *err)
{
    switch (err->code) {
    case -EINVAL:
    case -ERANGE:
        request_problem(request, 422, "bad-user", "Not acceptable", "%s.", err->text);
        break;
    case -ENOENT:
        request_problem(request, 404, "not-found", "No such user", "%s.", err->text);
        break;
    case -EBUSY:
    case -EAGAIN:
    case -ENOMEM:
        request_problem(request, 503, "busy", "Not now", "%s.", err->text);
        break;
    case -EPERM:
    case -EEXIST:
    case -ENOSPC:
        request_problem(request, 409, "conflict", "Not possible", "%s.", err->text);
        break;
    default:
        request_problem(request, 500, "not-saved", "The change could not be saved", "%s.",
                        err->text);
    }
}

static void answer_user(struct request *request, const char *name, const struct access_codes *codes)
{
    int index = find_user(request, name);
    if (index < 0) { /* removed meanwhile */
        request_answer_empty(request, 204);
        return;
    }
    const struct access_user user = access_user_at(access_of(request), (size_t)index);
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    write_user(&json, &user, request->web->context.loop);
    json_key(&json, "codes");
    json_open_object(&json);
    write_codes(&json, codes);
    json_close_object(&json);
    json_close_object(&json);
    request_answer_take(request, 201, "application/json", &body);
}

static void answer_codes(struct request *request, const struct access_codes *codes)
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    write_codes(&json, codes);
    json_close_object(&json);
    request_answer_json(request, &body);
}

static void on_set(void *user_data, const struct access_codes *codes)
{
    struct change *change = user_data;
    if (codes->err.code)
        refuse(change->wait.request, &codes->err);
    else if (change->answering == THE_USER)
        answer_user(change->wait.request, change->name, codes);
    else if (change->answering == THE_CODES)
        answer_codes(change->wait.request, codes);
    else
        request_answer_empty(change->wait.request, 204);
    free(change);
}

static void set_user(struct request *request, const char *name, const struct access_wish *wish,
                     enum answering answering)
{
    struct change *change = new_change(request, name, answering);
    if (change)
        access_wait_for_change(&change->wait,
                               access_user_set(access_of(request), name, wish, on_set, change));
}

/* The member "role"; ROLE_NONE when it is missing and may be. False when answered. */
static bool read_role(struct request *request, const json_t *body, bool required,
                      enum access_role *role)
{
    const char *name;
    *role = ROLE_NONE;
    if (!json_body_text(request, body, "role", 32, required, &name))
        return false;
    if (!name)
        return true;
    *role = access_role_find(name);
    if (*role != ROLE_NONE)
        return true;
    request_problem(request, 422, "bad-user", "Unknown role",
                    "role is one of view, control, installer, administrator.");
    return false;
}

/* The member "home"; null or missing: it stays. False when answered. */
static bool read_home(struct request *request, const json_t *body, const char **home)
{
    if (!json_body_text(request, body, "home", ACCESS_HOME_SIZE - 1, false, home))
        return false;
    if (!*home || !**home || web_home_find(*home))
        return true;
    struct buf names = BUF_EMPTY;
    for (size_t i = 0; web_homes[i]; i++)
        buf_add_format(&names, "%s%s", i ? ", " : "", web_homes[i]);
    request_problem(request, 422, "bad-user", "Unknown page",
                    "home is one of %s, or \"\" for that of the role.", buf_text(&names));
    buf_deinit(&names);
    return false;
}

static void add_user(struct request *request, const json_t *body)
{
    const char *name;
    struct access_wish wish = {0};
    if (!json_body_text(request, body, "name", LIMIT_NAME, true, &name) ||
        !json_body_text(request, body, "password", PASSWORD_MOST, false, &wish.password) ||
        !json_body_text(request, body, "pin", PASSWORD_MOST, false, &wish.pin) ||
        !read_role(request, body, true, &wish.role) || !read_home(request, body, &wish.home))
        return;
    if (find_user(request, name) >= 0)
        request_problem(request, 409, "conflict", "This user exists already",
                        "PUT /api/v1/users/%s changes it.", name);
    else
        set_user(request, name, &wish, THE_USER);
}

static void wipe_body(struct request *request)
{
    if (request->body.data)
        explicit_bzero(request->body.data, request->body.capacity);
}

void api_users_add(struct request *request)
{
    static const char *const keys[] = {"name", "role", "password", "pin", "home", NULL};
    json_t *body = json_body_take(request);
    if (body && json_body_known(request, body, keys))
        add_user(request, body);
    json_decref(body);
    wipe_body(request);
}

/* The user named in the path; false when answered. */
static bool named_user(struct request *request, char *name)
{
    if (request_path_value(request, 0, name, LIMIT_NAME + 1) && find_user(request, name) >= 0)
        return true;
    request_problem(request, 404, "not-found", "No such user",
                    "There is no user of that name; GET /api/v1/users lists them.");
    return false;
}

void api_users_change(struct request *request)
{
    static const char *const keys[] = {"role", "password", "home", NULL};
    char name[LIMIT_NAME + 1];
    struct access_wish wish = {0};
    if (!named_user(request, name))
        return;
    json_t *body = json_body_take(request);
    if (body && json_body_known(request, body, keys) &&
        read_role(request, body, false, &wish.role) && read_home(request, body, &wish.home) &&
        json_body_text(request, body, "password", PASSWORD_MOST, false, &wish.password))
        set_user(request, name, &wish, NOTHING);
    json_decref(body);
    wipe_body(request);
}

/* ---- PIN and PUK ----------------------------------------------------------------------------- */

void api_users_set_pin(struct request *request)
{
    static const char *const keys[] = {"pin", NULL};
    char name[LIMIT_NAME + 1];
    struct access_wish wish = {0};
    if (!named_user(request, name))
        return;
    json_t *body = json_body_take(request);
    if (body && json_body_known(request, body, keys) &&
        json_body_text(request, body, "pin", PASSWORD_MOST, false, &wish.pin)) {
        wish.pin = wish.pin ? wish.pin : "";
        set_user(request, name, &wish, THE_CODES);
    }
    json_decref(body);
    wipe_body(request);
}

void api_users_remove_pin(struct request *request)
{
    char name[LIMIT_NAME + 1];
    if (named_user(request, name))
        set_user(request, name, &(struct access_wish){.no_pin = true}, NOTHING);
}

void api_users_make_puk(struct request *request)
{
    char name[LIMIT_NAME + 1];
    if (named_user(request, name))
        set_user(request, name, &(struct access_wish){.puk = true}, THE_CODES);
}

/* ---- removing -------------------------------------------------------------------------------- */

static void on_removed(void *user_data, const struct err *err)
{
    struct change *change = user_data;
    if (err->code) {
        refuse(change->wait.request, err);
    } else {
        request_answer_empty(change->wait.request, 204);
    }
    free(change);
}

void api_users_remove(struct request *request)
{
    char name[LIMIT_NAME + 1];
    if (!named_user(request, name))
        return;
    struct change *change = new_change(request, name, NOTHING);
    if (change)
        access_wait_for_change(&change->wait,
                               access_user_remove(access_of(request), name, on_removed, change));
}
