#include "model/access_slow.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 512
#define FREE_FAILURES 3
#define FAILURES_MOST (FREE_FAILURES + 7) /* 1 s << 6 is above the most */
#define DELAY_MOST (60 * CLOCK_S)
#define FADE (600 * CLOCK_S) /* a failure is forgotten after that; a turn is kept as long */

struct slot {
    uint64_t key;  /* 0: free */
    clock_us last; /* failure, success, or asking */
    clock_us next; /* not before */
    uint64_t user; /* sources: whose password failed */
    int failures;
    bool mixed; /* sources: failures of several users */
};

struct table {
    struct slot slots[SLOTS];
};

struct access_slow {
    unsigned char secret[crypto_shorthash_KEYBYTES]; /* so that nobody chooses colliding names */
    struct table sources, users;
    struct table turns; /* (source, user): when this address may try this user */
    struct table known; /* (source, user): signed in before */
};

struct access_slow *access_slow_new(void)
{
    struct access_slow *slow = calloc(1, sizeof *slow);
    if (slow)
        randombytes_buf(slow->secret, sizeof slow->secret);
    return slow;
}

struct access_slow *access_slow_free(struct access_slow *slow)
{
    free(slow);
    return NULL;
}

/* ---- keys ------------------------------------------------------------------------------------ */

struct keys {
    uint64_t source, user, pair;
};

static uint64_t hash_bytes(const struct access_slow *slow, const void *bytes, size_t length)
{
    unsigned char out[crypto_shorthash_BYTES];
    uint64_t key;
    crypto_shorthash(out, bytes, length, slow->secret);
    memcpy(&key, out, sizeof key);
    return key ? key : 1;
}

/* A household or a rented server has a whole IPv6 /64 (RFC 6177): one source. */
static uint64_t hash_source(const struct access_slow *slow, const char *source)
{
    struct in6_addr six;
    if (inet_pton(AF_INET6, source, &six) != 1)
        return hash_bytes(slow, source, strlen(source));
    if (!IN6_IS_ADDR_V4MAPPED(&six))
        return hash_bytes(slow, &six, 8);
    char four[INET_ADDRSTRLEN] = "";
    inet_ntop(AF_INET, &six.s6_addr[12], four, sizeof four);
    return hash_bytes(slow, four, strlen(four));
}

static struct keys keys_of(const struct access_slow *slow, const char *source, const char *user)
{
    struct keys keys = {hash_source(slow, source), hash_bytes(slow, user, strlen(user)), 0};
    keys.pair = hash_bytes(slow, (const uint64_t[]){keys.source, keys.user}, 16);
    return keys;
}

/* ---- tables ---------------------------------------------------------------------------------- */

static int failures_left(const struct slot *slot, clock_us now)
{
    int64_t faded = (now - slot->last) / FADE;
    return faded < slot->failures ? slot->failures - (int)faded : 0;
}

static clock_us delay_of(int failures)
{
    if (failures <= FREE_FAILURES)
        return 0;
    clock_us delay = CLOCK_S << (failures - FREE_FAILURES - 1);
    return delay < DELAY_MOST ? delay : DELAY_MOST;
}

static struct slot *find(struct table *table, uint64_t key)
{
    for (size_t i = 0; i < SLOTS; i++) {
        if (table->slots[i].key == key)
            return &table->slots[i];
    }
    return NULL;
}

static bool less_worth(const struct slot *a, const struct slot *b, clock_us now)
{
    int a_left = failures_left(a, now), b_left = failures_left(b, now);
    return a_left != b_left ? a_left < b_left : a->last < b->last;
}

static struct slot *find_or_make(struct table *table, uint64_t key, clock_us now)
{
    struct slot *slot = find(table, key);
    if (slot)
        return slot;
    slot = find(table, 0);
    if (!slot) {
        slot = &table->slots[0];
        for (size_t i = 1; i < SLOTS; i++) {
            if (less_worth(&table->slots[i], slot, now))
                slot = &table->slots[i];
        }
    }
    *slot = (struct slot){.key = key, .last = now};
    return slot;
}

static void drop(struct table *table, uint64_t key)
{
    struct slot *slot = find(table, key);
    if (slot)
        *slot = (struct slot){0};
}

/* ---- the rules ------------------------------------------------------------------------------- */

static clock_us user_delay(struct access_slow *slow, const struct keys *keys, clock_us now)
{
    const struct slot *user = find(&slow->users, keys->user);
    if (!user || find(&slow->known, keys->pair))
        return 0;
    return delay_of(failures_left(user, now));
}

static clock_us wait_of(struct access_slow *slow, const struct keys *keys, clock_us now)
{
    const struct slot *source = find(&slow->sources, keys->source);
    clock_us wait = source && source->next > now ? source->next - now : 0;
    clock_us delay = user_delay(slow, keys, now);
    if (!delay)
        return wait;
    struct slot *turn = find(&slow->turns, keys->pair);
    if (!turn || now > turn->next + FADE) {
        turn = find_or_make(&slow->turns, keys->pair, now);
        turn->next = now + delay;
    }
    turn->last = now;
    return turn->next - now > wait ? turn->next - now : wait;
}

static void count_failure(struct slot *slot, clock_us now)
{
    int failures = failures_left(slot, now) + 1;
    slot->failures = failures < FAILURES_MOST ? failures : FAILURES_MOST;
    slot->last = now;
}

static void count_try(struct access_slow *slow, const struct keys *keys, clock_us now)
{
    struct slot *source = find_or_make(&slow->sources, keys->source, now);
    bool first = failures_left(source, now) == 0;
    source->mixed = !first && (source->mixed || source->user != keys->user);
    source->user = keys->user;
    count_failure(source, now);
    source->next = now + delay_of(source->failures);
    count_failure(find_or_make(&slow->users, keys->user, now), now);
    clock_us delay = user_delay(slow, keys, now);
    if (delay)
        find_or_make(&slow->turns, keys->pair, now)->next = now + delay;
}

clock_us access_slow_ask(struct access_slow *slow, const char *source, const char *user,
                         clock_us now)
{
    struct keys keys = keys_of(slow, source, user);
    clock_us wait = wait_of(slow, &keys, now);
    if (wait == 0)
        count_try(slow, &keys, now);
    return wait;
}

static void uncount(struct access_slow *slow, const struct keys *keys)
{
    struct slot *source = find(&slow->sources, keys->source);
    struct slot *user = find(&slow->users, keys->user);
    if (source && source->failures > 0) {
        source->failures--;
        source->next = 0;
    }
    if (user && user->failures > 0)
        user->failures--;
    drop(&slow->turns, keys->pair);
}

void access_slow_right(struct access_slow *slow, const char *source, const char *user, clock_us now)
{
    struct keys keys = keys_of(slow, source, user);
    uncount(slow, &keys);
    find_or_make(&slow->known, keys.pair, now)->last = now;
    /* Own typing mistakes are forgiven; with an account of one's own the guesses at others are not.
     */
    const struct slot *seen = find(&slow->sources, keys.source);
    if (seen && !seen->mixed && seen->user == keys.user)
        drop(&slow->sources, keys.source);
}

void access_slow_undo(struct access_slow *slow, const char *source, const char *user)
{
    struct keys keys = keys_of(slow, source, user);
    uncount(slow, &keys);
}

clock_us access_slow_until(struct access_slow *slow, const char *user, clock_us now)
{
    const struct slot *slot = find(&slow->users, hash_bytes(slow, user, strlen(user)));
    clock_us until = slot ? slot->last + delay_of(failures_left(slot, now)) : 0;
    return until > now ? until : 0;
}
