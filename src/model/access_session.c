#include "model/access_session.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define SESSIONS_PER_USER 32

void access_random_text(char text[ACCESS_SESSION_TEXT])
{
    unsigned char bytes[32];
    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(text, ACCESS_SESSION_TEXT, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

static void hash_id(const char *id, unsigned char hash[32])
{
    crypto_generichash(hash, 32, (const unsigned char *)id, strlen(id), NULL, 0);
}

static bool is_over(const struct access_sessions *sessions, const struct access_session *session,
                    clock_us now)
{
    return now - session->used >= sessions->idle || now - session->begun >= sessions->most;
}

/* The longest unused session, of `user` or (NULL) of anybody. */
static struct access_session *longest_unused(struct access_sessions *sessions, const char *user)
{
    struct access_session *oldest = NULL;
    for (size_t i = 0; i < LIMIT_SESSIONS; i++) {
        struct access_session *session = &sessions->list[i];
        bool counts = *session->user && (!user || strcmp(session->user, user) == 0);
        if (counts && (!oldest || session->used < oldest->used))
            oldest = session;
    }
    return oldest;
}

static struct access_session *find_room(struct access_sessions *sessions, const char *user,
                                        clock_us now)
{
    struct access_session *room = NULL;
    int own = 0;
    for (size_t i = 0; i < LIMIT_SESSIONS; i++) {
        struct access_session *session = &sessions->list[i];
        if (*session->user && is_over(sessions, session, now))
            access_session_end(session);
        own += strcmp(session->user, user) == 0;
        if (!*session->user)
            room = session;
    }
    if (own >= SESSIONS_PER_USER)
        return longest_unused(sessions, user);
    return room ? room : longest_unused(sessions, NULL);
}

struct access_session *access_session_begin(struct access_sessions *sessions, const char *user,
                                            clock_us now, char id[ACCESS_SESSION_TEXT])
{
    struct access_session *session = find_room(sessions, user, now);
    access_random_text(id);
    hash_id(id, session->hash);
    access_random_text(session->csrf);
    snprintf(session->user, sizeof session->user, "%s", user);
    session->begun = session->used = now;
    return session;
}

struct access_session *access_session_find(struct access_sessions *sessions, const char *id,
                                           clock_us now)
{
    unsigned char hash[32];
    hash_id(id, hash);
    for (size_t i = 0; i < LIMIT_SESSIONS; i++) {
        struct access_session *session = &sessions->list[i];
        if (!*session->user || sodium_memcmp(session->hash, hash, sizeof hash) != 0)
            continue;
        if (is_over(sessions, session, now)) {
            access_session_end(session);
            return NULL;
        }
        session->used = now;
        return session;
    }
    return NULL;
}

void access_session_end(struct access_session *session)
{
    sodium_memzero(session, sizeof *session);
}

void access_session_end_user(struct access_sessions *sessions, const char *user)
{
    for (size_t i = 0; i < LIMIT_SESSIONS; i++) {
        if (strcmp(sessions->list[i].user, user) == 0)
            access_session_end(&sessions->list[i]);
    }
}
