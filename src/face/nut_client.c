/* One connection: who it is, and for how long it may be quiet. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "engine/event_log.h"
#include "engine/outlet_groups.h"
#include "face/nut_private.h"
#include "model/access_slow.h"

/* Who has sent half a line, or half a handshake, or takes no answer, for so long is given up. */
#define HALF_MOST (5 * CLOCK_S)
#define STUCK_MOST (10 * CLOCK_S)

/* ---- who it is ------------------------------------------------------------------------------- */

static void answer(struct nut_client *client, const char *line)
{
    struct buf out = BUF_EMPTY;
    if (strncmp(line, "ERR", 3) == 0)
        client->nut->counts[NUT_ERRORS]++;
    buf_add_text(&out, line);
    buf_add_char(&out, '\n');
    nut_link_write(&client->link, &out);
}

static void forget_checked(struct nut_client *client)
{
    if (client->checked)
        dav_credentials_wipe(client->checked);
    free(client->checked);
    client->checked = NULL;
}

/* The user's name is sent anew after a failure, as at the beginning. */
static void refuse(struct nut_client *client)
{
    client->nut->counts[NUT_SIGN_INS_REFUSED]++;
    client->user[0] = '\0';
    client->denied = true;
    forget_checked(client);
    answer(client, "ERR ACCESS-DENIED");
}

static int find_restricted(const struct nut *nut, const char *name)
{
    return config_find(nut->config, &nut_user_settings_table, name);
}

static const struct nut_user_settings *restricted_of(const struct nut_client *client)
{
    const struct nut *nut = client->nut;
    int index = find_restricted(nut, client->user);
    return index < 0 ? NULL : config_at(nut->config, &nut_user_settings_table, (size_t)index);
}

static struct access_user user_of(const struct nut_client *client)
{
    const struct access *access = client->nut->context.access;
    for (size_t i = 0; i < access_user_count(access); i++) {
        const struct access_user user = access_user_at(access, i);
        if (strcmp(user.name, client->user) == 0)
            return user;
    }
    return (struct access_user){.role = ROLE_NONE};
}

/* Tells the client's password from the one that counts now; of a record of nut_users by its text.
 */
static uint32_t password_mark_of(const struct nut_client *client)
{
    const struct nut_user_settings *user = client->restricted ? restricted_of(client) : NULL;
    if (user)
        return crc32c(0, user->password, strlen(user->password));
    return client->restricted ? 0 : user_of(client).password_mark;
}

static void welcome(struct nut_client *client)
{
    client->nut->counts[NUT_SIGN_INS]++;
    client->signed_in = true;
    client->password_mark = password_mark_of(client);
    forget_checked(client);
    answer(client, "OK");
}

/* Role and password are those of the moment, not of the sign-in: a connection may last for months.
 */
static enum access_role role_of_password(const struct nut_client *client)
{
    if (password_mark_of(client) != client->password_mark)
        return ROLE_NONE;
    if (client->restricted)
        return restricted_of(client) ? ROLE_VIEW : ROLE_NONE;
    const struct access_user user = user_of(client);
    return user.must_change ? ROLE_NONE : user.role;
}

enum access_role nut_client_role(const struct nut_client *client)
{
    struct access *access = client->nut->context.access;
    enum access_role open = access_identify(access, NULL, NULL).role, role = ROLE_NONE;
    if (client->signed_in && *client->token)
        role = access_identify(access, NULL, client->token).role;
    else if (client->signed_in)
        role = role_of_password(client);
    return role > open ? role : open;
}

bool nut_client_sees(const struct nut_client *client, const struct nut_ups *ups)
{
    const struct nut_user_settings *user =
        client->signed_in && client->restricted ? restricted_of(client) : NULL;
    return !user || !*user->ups || outlet_list_has(user->ups, ups->name);
}

/* ---- signing in ------------------------------------------------------------------------------ */

static void on_signed_in(void *user, const struct access_sign_in *result)
{
    struct nut_client *client = user;
    client->job = NULL;
    if (result->outcome == ACCESS_SIGNED_IN) {
        dav_logins_keep(client->nut->logins, client->checked, result->session);
        snprintf(client->user, sizeof client->user, "%s", result->user);
        welcome(client);
    } else {
        refuse(client);
    }
    nut_link_hold(&client->link, false);
}

/* Equipment whose password cannot be chosen. Compared in the time of the longest, like all
 * passwords; guessing opens nothing but reading. */
static bool fits_restricted(const struct nut_client *client, const char *password)
{
    const struct nut_user_settings *user = restricted_of(client);
    char wanted[136] = "", given[136] = "";
    snprintf(wanted, sizeof wanted, "%s", user->password);
    snprintf(given, sizeof given, "%s", password);
    bool same = sodium_memcmp(wanted, given, sizeof wanted) == 0 && *given;
    sodium_memzero(wanted, sizeof wanted);
    sodium_memzero(given, sizeof given);
    return same && nut_networks_hold(user->networks, &client->address);
}

static void sign_in_restricted(struct nut_client *client, const char *password)
{
    struct nut *nut = client->nut;
    clock_us now = loop_now(nut->context.loop);
    const char *from = client->address_text;
    if (access_slow_ask(nut->guessers, from, client->user, now) == 0 &&
        fits_restricted(client, password)) {
        access_slow_right(nut->guessers, from, client->user, now);
        client->restricted = true;
        welcome(client);
        return;
    }
    char text[160];
    snprintf(text, sizeof text, "NUT: sign-in as \"%s\" refused", client->user);
    event_log_add(nut->context.events, &(struct event){.kind = EVENT_SIGN_IN_REFUSED,
                                                       .actor = "",
                                                       .origin = from,
                                                       .object = client->user,
                                                       .text = text});
    refuse(client);
}

static void check_password(struct nut_client *client)
{
    struct nut *nut = client->nut;
    const char *password = client->checked->password;
    struct access_identity identity = access_identify(nut->context.access, NULL, password);
    if (identity.user && *identity.user && strlen(password) < sizeof client->token)
        snprintf(client->token, sizeof client->token, "%s", password);
    if (*client->token || dav_logins_find(nut->logins, client->checked, &identity)) {
        snprintf(client->user, sizeof client->user, "%s", identity.user);
        welcome(client);
        return;
    }
    client->job = access_sign_in(nut->context.access, client->address_text, client->user, password,
                                 NULL, on_signed_in, client);
    if (client->job)
        nut_link_hold(&client->link, true);
    else
        refuse(client);
}

void nut_client_sign_in(struct nut_client *client, const char *password)
{
    client->restricted = false;
    client->token[0] = '\0';
    if (find_restricted(client->nut, client->user) >= 0) {
        sign_in_restricted(client, password);
        return;
    }
    client->checked = calloc(1, sizeof *client->checked);
    if (!client->checked) {
        refuse(client);
        return;
    }
    snprintf(client->checked->user, sizeof client->checked->user, "%s", client->user);
    snprintf(client->checked->password, sizeof client->checked->password, "%s", password);
    check_password(client);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_line(void *user, const char *line, size_t length)
{
    struct nut_client *client = user;
    client->asked = loop_now(client->nut->context.loop);
    client->nut->counts[NUT_REQUESTS]++;
    nut_answer(client, line, length);
}

static void on_too_long(void *user)
{
    struct nut_client *client = user;
    client->nut->turned_away++;
    answer(client, "ERR TOO-LONG");
}

static void on_ended(void *user, const char *problem)
{
    struct nut_client *client = user;
    client->nut->turned_away += *problem != '\0';
    nut_client_end(client);
}

static int port_of(const struct sockaddr *any)
{
    return ntohs(any->sa_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)(const void *)any)->sin6_port
                     : ((const struct sockaddr_in *)(const void *)any)->sin_port);
}

void nut_client_begin(struct nut *nut, int fd, const struct sockaddr *any)
{
    struct nut_client *client = calloc(1, sizeof *client);
    if (!client) {
        close(fd);
        return;
    }
    client->nut = nut;
    client->address = ip_address_of(any);
    ip_address_format(&client->address, client->address_text, sizeof client->address_text);
    client->remote_port = port_of(any);
    client->since = loop_now(nut->context.loop);
    const struct nut_link_user to = {on_line, on_too_long, on_ended, client};
    if (nut_link_open(&client->link, nut->context.loop, fd, &to) < 0) {
        free(client);
        return;
    }
    client->next = nut->clients;
    if (client->next)
        client->next->previous = client;
    nut->clients = client;
    nut->client_count++;
    nut->accepted++;
}

void nut_client_end(struct nut_client *client)
{
    struct nut *nut = client->nut;
    if (client->job)
        access_job_cancel(client->job);
    forget_checked(client);
    nut_link_close(&client->link);
    if (client->previous)
        client->previous->next = client->next;
    else
        nut->clients = client->next;
    if (client->next)
        client->next->previous = client->previous;
    nut->client_count--;
    sodium_memzero(client, sizeof *client);
    free(client);
}

bool nut_client_overdue(const struct nut_client *client, clock_us now)
{
    const struct nut_link *link = &client->link;
    clock_us quiet = client->asked ? client->asked : client->since;
    return (link->half_since != CLOCK_NEVER && !client->job &&
            now - link->half_since > HALF_MOST) ||
           (link->stuck_since != CLOCK_NEVER && now - link->stuck_since > STUCK_MOST) ||
           (!client->job && now - quiet > client->nut->settings->idle);
}

size_t nut_attached(const struct nut *nut, const char *ups)
{
    size_t count = 0;
    for (const struct nut_client *client = nut->clients; client; client = client->next)
        count += strcmp(client->attached, ups) == 0;
    return count;
}
