/* PINs and PUKs: counted on disk before the answer, blocked, unblocked; nothing tells who exists.
 */
#include "access_testing.h"

#include <limits.h>
#include <time.h>

/* Of 482915 and 70316482, by the argon2 program:
 * echo -n 482915 | argon2 somesaltsomesalt -id -t 2 -k 19456 -p 1 -e */
#define PIN "482915"
#define PUK "70316482"
#define PIN_HASH                                                                                   \
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$8EbKwW81PezjsN60xKVlBZO3yffVz7VRlt8"    \
    "PHQaUzbA"
#define PUK_HASH                                                                                   \
    "$argon2id$v=19$m=19456,t=2,p=1$b3RoZXJzYWx0b3RoZXJzYWx0$qSMgO1PHpvKJyNmMW6Kb60/Pl4nH00xI97"   \
    "GJppJHXBg"
#define OTHER_PIN "593718"
#define DAY (86400 * CLOCK_S)

/* anna is an administrator with a password, bert has no PIN, pia has a PIN only, pit both */
static const char with_pins[] =
    "{\"version\": 1, \"users\": [\n"
    "{\"name\":\"anna\",\"role\":\"administrator\",\"must_change\":false,\"created\":1700000000,"
    "\"password\":\"" HASH "\"},\n"
    "{\"name\":\"bert\",\"role\":\"control\",\"must_change\":false,\"created\":1700000001,"
    "\"password\":\"" HASH "\"},\n"
    "{\"name\":\"pia\",\"role\":\"installer\",\"must_change\":false,\"created\":1700000002,"
    "\"pin\":\"" PIN_HASH "\",\"puk\":\"" PUK_HASH
    "\",\"pin_wrong\":0,\"puk_wrong\":0,\"home\":\"events\"},\n"
    "{\"name\":\"pit\",\"role\":\"view\",\"must_change\":false,\"created\":1700000003,"
    "\"password\":\"" HASH "\",\"pin\":\"" PIN_HASH "\",\"puk\":\"" PUK_HASH
    "\",\"pin_wrong\":0,\"puk_wrong\":0}\n"
    "], \"tokens\": []}\n";

static int set_up_pins(void **state)
{
    set_up_empty(state);
    struct fixture *f = *state;
    test_write_file(f->path, with_pins);
    chmod(f->path, 0600);
    open_access(f);
    return 0;
}

/* ---- helpers --------------------------------------------------------------------------------- */

static struct access_sign_in try_code(struct fixture *f, enum access_proof proof,
                                      const char *source, const char *user, const char *code,
                                      const char *new_pin)
{
    struct answer answer = {0};
    assert_non_null(
        access_sign_in_code(f->access, proof, source, user, code, new_pin, on_signed_in, &answer));
    assert_false(answer.came); /* never from inside the call */
    wait_for(f, &answer.came);
    return answer.result;
}

/* Each from an address of its own, so that only the counting is in the way. */
static int number;

static struct access_sign_in try_pin(struct fixture *f, const char *user, const char *pin)
{
    char source[64];
    snprintf(source, sizeof source, "10.%d.%d.1", number / 200, number % 200);
    number++;
    loop_advance(f->loop, DAY); /* failures have faded */
    return try_code(f, ACCESS_BY_PIN, source, user, pin, NULL);
}

static struct access_sign_in try_puk(struct fixture *f, const char *user, const char *puk,
                                     const char *new_pin)
{
    char source[64];
    snprintf(source, sizeof source, "10.%d.%d.2", number / 200, number % 200);
    number++;
    loop_advance(f->loop, DAY);
    return try_code(f, ACCESS_BY_PUK, source, user, puk, new_pin);
}

static void fail_pins(struct fixture *f, const char *user, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(try_pin(f, user, "102947").outcome, ACCESS_REFUSED);
}

static struct access_user user_of(struct fixture *f, const char *name)
{
    for (size_t i = 0; i < access_user_count(f->access); i++) {
        if (strcmp(access_user_at(f->access, i).name, name) == 0)
            return access_user_at(f->access, i);
    }
    fail_msg("there is no %s", name);
    return access_user_at(f->access, 0);
}

static enum access_pin state_of(struct fixture *f, const char *name)
{
    return user_of(f, name).pin;
}

static struct {
    int refused, blocked, puk_blocked, unblocked, changed;
} told;

static void on_fact(void *user, const struct access_fact *fact)
{
    (void)user;
    told.refused += fact->deed == ACCESS_DEED_SIGN_IN_REFUSED;
    told.blocked += fact->deed == ACCESS_DEED_PIN_BLOCKED && strcmp(fact->name, "pia") == 0;
    told.puk_blocked += fact->deed == ACCESS_DEED_PUK_BLOCKED && strcmp(fact->name, "pia") == 0;
    told.unblocked += fact->deed == ACCESS_DEED_PIN_UNBLOCKED && strcmp(fact->by, "pia") == 0;
    told.changed += fact->deed == ACCESS_DEED_USER_CHANGED;
}

static void watch(struct fixture *f)
{
    memset(&told, 0, sizeof told);
    access_watch(f->access, on_fact, NULL);
}

/* ---- signing in ------------------------------------------------------------------------------ */

static void test_a_pin_signs_in(void **state)
{
    struct fixture *f = *state;
    struct access_sign_in result = try_pin(f, "pia", PIN);
    assert_int_equal(result.outcome, ACCESS_SIGNED_IN);
    assert_string_equal(result.user, "pia");
    assert_int_equal(result.role, ROLE_INSTALLER);
    assert_int_equal(access_identify(f->access, result.session, NULL).role, ROLE_INSTALLER);
    assert_string_equal(user_of(f, "pia").home, "events");
    assert_false(user_of(f, "pia").password);
    /* what is no PIN of hers, and the PIN where a password belongs */
    static const char *const wrong[] = {"", "482916", "0482915", "48291", PUK};
    for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
        assert_int_equal(try_pin(f, "pia", wrong[i]).outcome, ACCESS_REFUSED);
        assert_int_equal(try_pin(f, "pit", PIN).outcome, ACCESS_SIGNED_IN);
    }
    assert_int_equal(sign_in(f, "pia", PIN).outcome, ACCESS_REFUSED);
    assert_int_equal(sign_in(f, "pia", "").outcome, ACCESS_REFUSED);
    assert_int_equal(try_pin(f, "anna", PASSWORD).outcome, ACCESS_REFUSED);
}

static void test_a_pin_is_changed_with_the_old_one(void **state)
{
    struct fixture *f = *state;
    struct access_sign_in before = try_pin(f, "pit", PIN);
    struct access_sign_in result = try_code(f, ACCESS_BY_PIN, HOME, "pit", PIN, OTHER_PIN);
    assert_int_equal(result.outcome, ACCESS_SIGNED_IN);
    assert_int_equal(access_identify(f->access, before.session, NULL).role, ROLE_NONE);
    reopen(f);
    assert_int_equal(try_pin(f, "pit", PIN).outcome, ACCESS_REFUSED);
    assert_int_equal(try_pin(f, "pit", OTHER_PIN).outcome, ACCESS_SIGNED_IN);
    assert_int_equal(sign_in(f, "pit", PASSWORD).outcome, ACCESS_SIGNED_IN);
}

/* A new PIN that is no good is said before anything is looked at: to anybody, right or wrong. */
static void test_weak_pins(void **state)
{
    struct fixture *f = *state;
    static const char *const users[] = {"pia", "bert", "nobody"};
    for (size_t i = 0; i < TEST_COUNT(users); i++) {
        for (int round = 0; round < 8; round++) {
            struct access_sign_in result =
                try_code(f, ACCESS_BY_PIN, HOME, users[i], round % 2 ? PIN : "102947", "99999");
            assert_int_equal(result.outcome, ACCESS_WEAK);
            assert_string_equal(result.err.text, "a PIN has 6 to 8 digits and nothing else");
        }
    }
    struct access_sign_in result = try_code(f, ACCESS_BY_PIN, HOME, "pia", PIN, PIN);
    assert_int_equal(result.outcome, ACCESS_WEAK);
    assert_string_equal(result.err.text, "the new PIN must be another one");
    result = try_code(f, ACCESS_BY_PUK, HOME, "pia", PUK, NULL);
    assert_string_equal(result.err.text, "with the PUK a new PIN is needed");
    assert_int_equal(try_pin(f, "pia", PIN).outcome, ACCESS_SIGNED_IN);
}

/* ---- counting -------------------------------------------------------------------------------- */

static void test_wrong_pins_block_for_good(void **state)
{
    struct fixture *f = *state;
    watch(f);
    fail_pins(f, "pia", 4);
    assert_int_equal(try_pin(f, "pia", PIN).outcome, ACCESS_SIGNED_IN);
    fail_pins(f, "pia", 4); /* the right one began the count anew */
    assert_int_equal(state_of(f, "pia"), ACCESS_PIN_SET);
    loop_advance(f->loop, 300 * DAY); /* time does not */
    assert_int_equal(told.blocked, 0);
    fail_pins(f, "pia", 1);
    assert_int_equal(told.blocked, 1);
    assert_int_equal(told.refused, 9);
    assert_int_equal(state_of(f, "pia"), ACCESS_PIN_BLOCKED);
    assert_int_equal(try_pin(f, "pia", PIN).outcome, ACCESS_REFUSED);
    fail_pins(f, "pia", 3);
    assert_int_equal(told.blocked, 1);
    assert_int_equal(state_of(f, "pit"), ACCESS_PIN_SET); /* nobody else's */
}

/* Whoever kills the daemon the moment the answer comes finds the count on disk. */
static void test_the_count_is_on_disk_before_the_answer(void **state)
{
    struct fixture *f = *state;
    for (int wrong = 1; wrong <= 5; wrong++) {
        char wanted[40];
        assert_int_equal(try_pin(f, "pia", "102947").outcome, ACCESS_REFUSED);
        char *text = test_read_file(f->path);
        snprintf(wanted, sizeof wanted, "\"pin_wrong\":%d", wrong);
        assert_non_null(strstr(text, wanted));
        test_write_file(f->path, text); /* nothing that is written at the end counts */
        free(text);
        reopen(f);
    }
    assert_int_equal(state_of(f, "pia"), ACCESS_PIN_BLOCKED);
    assert_int_equal(try_pin(f, "pia", PIN).outcome, ACCESS_REFUSED);
}

static void test_wrong_ones_are_slowed_down(void **state)
{
    struct fixture *f = *state;
    enum access_outcome outcomes[7];
    for (int i = 0; i < 7; i++)
        outcomes[i] = try_code(f, ACCESS_BY_PIN, HOME, "pia", "102947", NULL).outcome;
    assert_int_equal(outcomes[0], ACCESS_REFUSED);
    assert_int_equal(outcomes[6], ACCESS_SLOWED);
    assert_int_equal(state_of(f, "pia"), ACCESS_PIN_SET); /* who waits does not count */
    struct access_sign_in result = try_code(f, ACCESS_BY_PIN, HOME, "pia", PIN, NULL);
    assert_int_equal(result.outcome, ACCESS_SLOWED);
    assert_in_range(result.retry_s, 1, 60);
    loop_advance(f->loop, result.retry_s * CLOCK_S);
    assert_int_equal(try_code(f, ACCESS_BY_PIN, HOME, "pia", PIN, NULL).outcome, ACCESS_SIGNED_IN);
    /* nobody's name is slowed down alike */
    for (int i = 0; i < 7; i++)
        assert_int_equal(try_code(f, ACCESS_BY_PIN, "192.0.2.77", "nobody", "102947", NULL).outcome,
                         outcomes[i]);
}

/* ---- the PUK --------------------------------------------------------------------------------- */

static void test_the_puk_unblocks(void **state)
{
    struct fixture *f = *state;
    watch(f);
    fail_pins(f, "pia", 5);
    reopen(f);
    watch(f);
    struct access_sign_in result = try_puk(f, "pia", "70316483", OTHER_PIN);
    assert_int_equal(result.outcome, ACCESS_REFUSED);
    assert_int_equal(state_of(f, "pia"), ACCESS_PIN_BLOCKED);
    result = try_puk(f, "pia", PUK, OTHER_PIN);
    assert_int_equal(result.outcome, ACCESS_SIGNED_IN);
    assert_int_equal(access_identify(f->access, result.session, NULL).role, ROLE_INSTALLER);
    assert_int_equal(told.unblocked, 1);
    reopen(f);
    assert_int_equal(state_of(f, "pia"), ACCESS_PIN_SET);
    assert_int_equal(try_pin(f, "pia", PIN).outcome, ACCESS_REFUSED);
    assert_int_equal(try_pin(f, "pia", OTHER_PIN).outcome, ACCESS_SIGNED_IN);
    /* who forgot the PIN need not block it first */
    assert_int_equal(try_puk(f, "pia", PUK, "160483").outcome, ACCESS_SIGNED_IN);
    /* a new PIN by an administrator unblocks, too */
    fail_pins(f, "pia", 5);
    assert_int_equal(state_of(f, "pia"), ACCESS_PIN_BLOCKED);
    assert_int_equal(wish_user(f, "pia", &(struct access_wish){.pin = PIN}).err.code, 0);
    assert_int_equal(try_pin(f, "pia", PIN).outcome, ACCESS_SIGNED_IN);
}

static void test_wrong_puks_leave_the_administrator(void **state)
{
    struct fixture *f = *state;
    watch(f);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(state_of(f, "pia"), ACCESS_PIN_SET);
        assert_int_equal(try_puk(f, "pia", "12903487", OTHER_PIN).outcome, ACCESS_REFUSED);
        if (i == 4) {
            reopen(f);
            watch(f);
        }
    }
    assert_int_equal(told.puk_blocked, 1);
    reopen(f);
    assert_int_equal(state_of(f, "pia"), ACCESS_PUK_BLOCKED);
    assert_int_equal(try_puk(f, "pia", PUK, OTHER_PIN).outcome, ACCESS_REFUSED);
    assert_int_equal(try_pin(f, "pia", PIN).outcome, ACCESS_REFUSED);
    struct access_codes codes = wish_user(f, "pia", &(struct access_wish){.pin = ""});
    assert_int_equal(codes.err.code, 0);
    assert_int_equal(try_pin(f, "pia", codes.pin).outcome, ACCESS_SIGNED_IN);
    assert_int_equal(try_puk(f, "pia", PUK, OTHER_PIN).outcome, ACCESS_REFUSED);
    assert_int_equal(try_puk(f, "pia", codes.puk, OTHER_PIN).outcome, ACCESS_SIGNED_IN);
}

/* ---- nothing tells who exists ---------------------------------------------------------------- */

/* Of the processor, all threads: others on a busy machine do not count. */
static int64_t spent_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static int64_t least_cost(struct fixture *f, const char *user, bool by_puk)
{
    int64_t least = INT64_MAX;
    for (int i = 0; i < 3; i++) {
        struct stat before, after;
        assert_int_equal(stat(f->path, &before), 0);
        int64_t begun = spent_us();
        struct access_sign_in result =
            by_puk ? try_puk(f, user, "12903487", OTHER_PIN) : try_pin(f, user, "102947");
        int64_t took = spent_us() - begun;
        assert_int_equal(result.outcome, ACCESS_REFUSED);
        assert_int_equal(result.err.code, 0);
        assert_string_equal(result.user, "");
        /* a file was written, whether or not there is something to count */
        assert_int_equal(stat(f->path, &after), 0);
        assert_true(before.st_ino != after.st_ino ||
                    before.st_ctim.tv_nsec != after.st_ctim.tv_nsec);
        least = took < least ? took : least;
    }
    return least;
}

static void test_all_refusals_are_alike(void **state)
{
    struct fixture *f = *state;
    fail_pins(f, "pit", 5);
    static const char *const users[] = {"pia", "pit", "bert", "nobody", "", "Pia"};
    int64_t shortest = INT64_MAX, longest = 0;
    for (size_t i = 0; i < 2 * TEST_COUNT(users); i++) {
        int64_t cost = least_cost(f, users[i / 2], i % 2);
        shortest = cost < shortest ? cost : shortest;
        longest = cost > longest ? cost : longest;
    }
    /* without the hash it would be a tenth */
    if (longest > 2 * shortest)
        fail_msg("refusals take from %lld to %lld us", (long long)shortest, (long long)longest);
}

/* Where names are listed anyway, a person is told what helps. */
static void test_blocked_is_told_where_names_are_listed(void **state)
{
    struct fixture *f = *state;
    struct access_settings listed = settings;
    listed.list_names = true;
    access_configure(f->access, &listed);
    fail_pins(f, "pia", 4);
    struct access_sign_in result = try_pin(f, "pia", "102947");
    assert_int_equal(result.outcome, ACCESS_BLOCKED);
    assert_int_equal(result.pin, ACCESS_PIN_BLOCKED);
    assert_int_equal(try_pin(f, "pia", PIN).outcome, ACCESS_BLOCKED);
    assert_int_equal(try_puk(f, "pia", "12903487", OTHER_PIN).outcome, ACCESS_REFUSED);
    assert_int_equal(try_pin(f, "nobody", PIN).outcome, ACCESS_REFUSED);
}

/* ---- at once --------------------------------------------------------------------------------- */

/* Were two tries judged by the same count, a hundred at once would be five times as good. */
static void test_one_try_at_a_time(void **state)
{
    struct fixture *f = *state;
    enum { TRIES = 30 };
    struct answer answers[TRIES] = {{0}};
    int refused = 0, busy = 0;
    for (int i = 0; i < TRIES; i++) {
        char source[64];
        snprintf(source, sizeof source, "10.99.0.%d", i);
        assert_non_null(access_sign_in_code(f->access, ACCESS_BY_PIN, source,
                                            i < 20 ? "pia" : "nobody", "102947", NULL, on_signed_in,
                                            &answers[i]));
    }
    for (int i = 0; i < TRIES; i++) {
        wait_for(f, &answers[i].came);
        refused += answers[i].result.outcome == ACCESS_REFUSED;
        busy += answers[i].result.outcome == ACCESS_BUSY;
    }
    assert_int_equal(refused, 2); /* one for each name */
    assert_int_equal(busy, TRIES - 2);
    assert_int_equal(try_pin(f, "pia", PIN).outcome, ACCESS_SIGNED_IN);
}

static void test_few_tries_at_a_time(void **state)
{
    struct fixture *f = *state;
    enum { TRIES = 12 };
    struct answer answers[TRIES] = {{0}};
    int busy = 0;
    for (int i = 0; i < TRIES; i++) {
        char source[64], user[20];
        snprintf(source, sizeof source, "10.99.0.%d", i);
        snprintf(user, sizeof user, "user-%d", i);
        assert_non_null(access_sign_in_code(f->access, ACCESS_BY_PIN, source, user, "102947", NULL,
                                            on_signed_in, &answers[i]));
    }
    for (int i = 0; i < TRIES; i++) {
        wait_for(f, &answers[i].came);
        busy += answers[i].result.outcome == ACCESS_BUSY;
    }
    assert_int_equal(busy, TRIES - 8);
    assert_int_equal(try_pin(f, "pia", PIN).outcome, ACCESS_SIGNED_IN);
}

/* The PIN is set anew while the old one is being checked. */
static void test_a_pin_changed_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct answer answer = {0};
    access_sign_in_code(f->access, ACCESS_BY_PIN, HOME, "pia", PIN, OTHER_PIN, on_signed_in,
                        &answer);
    struct access_codes codes = wish_user(f, "pia", &(struct access_wish){.pin = "160483"});
    assert_int_equal(codes.err.code, 0);
    wait_for(f, &answer.came);
    /* either order is lawful, two PINs are not */
    bool first = answer.result.outcome == ACCESS_SIGNED_IN;
    assert_true(first || answer.result.outcome == ACCESS_REFUSED);
    assert_int_equal(try_pin(f, "pia", "160483").outcome, ACCESS_SIGNED_IN);
    assert_int_equal(try_pin(f, "pia", OTHER_PIN).outcome, ACCESS_REFUSED);
}

/* ---- a disk that does not take it ------------------------------------------------------------ */

/* What cannot be counted is not answered: right and wrong PINs look the same until it can. */
static void test_disk_gone(void **state)
{
    struct fixture *f = *state;
    char moved[240];
    snprintf(moved, sizeof moved, "%s-moved", f->folder);
    assert_int_equal(rename(f->folder, moved), 0);
    assert_int_equal(try_pin(f, "nobody", PIN).outcome, ACCESS_BUSY);
    assert_int_equal(try_pin(f, "pit", PIN).outcome, ACCESS_SIGNED_IN); /* nothing to write */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(try_pin(f, "pia", "102947").outcome, ACCESS_BUSY);
        assert_int_equal(try_pin(f, "pia", PIN).outcome, ACCESS_BUSY);
    }
    assert_int_equal(sign_in(f, "anna", PASSWORD).outcome, ACCESS_SIGNED_IN);
    assert_int_equal(rename(moved, f->folder), 0);
    assert_int_equal(try_pin(f, "pia", "102947").outcome, ACCESS_REFUSED); /* the fourth */
    assert_int_equal(state_of(f, "pia"), ACCESS_PIN_SET);
    assert_int_equal(try_pin(f, "pia", "102947").outcome, ACCESS_REFUSED);
    assert_int_equal(state_of(f, "pia"), ACCESS_PIN_BLOCKED);
}

/* ---- administrators -------------------------------------------------------------------------- */

static void test_users_with_a_pin(void **state)
{
    struct fixture *f = *state;
    watch(f);
    struct access_codes codes =
        wish_user(f, "dora", &(struct access_wish){.role = ROLE_VIEW, .pin = "", .home = "graphs"});
    assert_int_equal(codes.err.code, 0);
    assert_int_equal(strlen(codes.pin), 6);
    assert_int_equal(strlen(codes.puk), 8);
    char *text = test_read_file(f->path);
    assert_null(strstr(text, codes.pin));
    assert_null(strstr(text, codes.puk));
    free(text);
    reopen(f);
    watch(f);
    assert_string_equal(user_of(f, "dora").home, "graphs");
    assert_int_equal(try_pin(f, "dora", codes.pin).outcome, ACCESS_SIGNED_IN);

    /* a PIN that was chosen is not said back */
    struct access_codes chosen = wish_user(f, "bert", &(struct access_wish){.pin = OTHER_PIN});
    assert_int_equal(chosen.err.code, 0);
    assert_string_equal(chosen.pin, "");
    assert_int_equal(strlen(chosen.puk), 8);
    assert_int_equal(try_pin(f, "bert", OTHER_PIN).outcome, ACCESS_SIGNED_IN);
    assert_int_equal(sign_in(f, "bert", PASSWORD).outcome, ACCESS_SIGNED_IN);

    /* a new PUK leaves the PIN and its block */
    fail_pins(f, "bert", 5);
    struct access_codes puk = wish_user(f, "bert", &(struct access_wish){.puk = true});
    assert_string_equal(puk.pin, "");
    assert_string_not_equal(puk.puk, chosen.puk);
    assert_int_equal(state_of(f, "bert"), ACCESS_PIN_BLOCKED);
    assert_int_equal(try_puk(f, "bert", chosen.puk, "160483").outcome, ACCESS_REFUSED);
    assert_int_equal(try_puk(f, "bert", puk.puk, "160483").outcome, ACCESS_SIGNED_IN);

    /* a new home leaves sessions, taking the PIN away ends them */
    struct access_sign_in session = sign_in(f, "bert", PASSWORD);
    assert_int_equal(wish_user(f, "bert", &(struct access_wish){.home = "events"}).err.code, 0);
    assert_int_equal(access_identify(f->access, session.session, NULL).role, ROLE_CONTROL);
    assert_int_equal(wish_user(f, "bert", &(struct access_wish){.no_pin = true}).err.code, 0);
    assert_int_equal(access_identify(f->access, session.session, NULL).role, ROLE_NONE);
    assert_int_equal(state_of(f, "bert"), ACCESS_PIN_NONE);
    assert_int_equal(try_pin(f, "bert", "160483").outcome, ACCESS_REFUSED);
    assert_int_equal(told.changed, 4);
}

static void test_wishes_that_cannot_be(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *user;
        struct access_wish wish;
        int code;
        const char *said;
    } rows[] = {
        {"dora", {.role = ROLE_VIEW}, -EINVAL, "a new user needs a role and a password or PIN"},
        {"dora", {.pin = ""}, -EINVAL, "a new user needs a role and a password or PIN"},
        {"dora",
         {.role = ROLE_VIEW, .pin = "999999"},
         -EINVAL,
         "this PIN is among the first that are tried; choose another"},
        {"bert", {.pin = "12"}, -EINVAL, "a PIN has 6 to 8 digits and nothing else"},
        {"bert", {.puk = true}, -EINVAL, "\"bert\" has no PIN"},
        {"bert", {.no_pin = true}, -EINVAL, "\"bert\" has no PIN"},
        {"pia",
         {.no_pin = true},
         -EPERM,
         "\"pia\" has no password, so the PIN is all there is to sign in with: set a password "
         "first"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct access_codes codes = wish_user(f, rows[i].user, &rows[i].wish);
        assert_int_equal(codes.err.code, rows[i].code);
        assert_string_equal(codes.err.text, rows[i].said);
        assert_string_equal(codes.pin, "");
        assert_string_equal(codes.puk, "");
    }
}

/* A PIN can be blocked from afar, so an administrator with a PIN only is not the last one. */
static void test_the_last_administrator_keeps_a_password(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    set_user(f, "pia", NULL, ROLE_ADMINISTRATOR);
    assert_int_equal(state_of(f, "pia"), ACCESS_PIN_SET);
    assert_int_equal(remove_user(f, "anna", &err), -EPERM);
    assert_string_equal(
        err.text, "\"anna\" is the last administrator with a password: make another one first");
    assert_int_equal(set_user(f, "anna", NULL, ROLE_VIEW).code, -EPERM);
    /* whatever is done to the PIN of one with both, the password works from anywhere */
    wish_user(f, "anna", &(struct access_wish){.pin = PIN});
    fail_pins(f, "anna", 7);
    for (int i = 0; i < 12; i++)
        try_puk(f, "anna", "12903487", OTHER_PIN);
    assert_int_equal(state_of(f, "anna"), ACCESS_PUK_BLOCKED);
    assert_int_equal(sign_in(f, "anna", PASSWORD).outcome, ACCESS_SIGNED_IN);
    assert_int_equal(set_user(f, "pia", "kitchen table 9", ROLE_NONE).code, 0);
    assert_int_equal(remove_user(f, "anna", &err), 0);
}

/* A count that cannot be read is not taken for none. */
static void test_wrong_entries(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[][3] = {
        {"\"pin_wrong\":0", "\"pin_wrong\":-1", "\"pin_wrong\" is not a number of wrong tries"},
        {"\"puk_wrong\":0", "\"puk_wrong\":\"0\"", "\"puk_wrong\" is not a number of wrong tries"},
        {"\"pin\":\"$argon2id", "\"pin\":\"$argon2i", "\"pin\" must be an argon2id hash"},
        {"\"puk\":\"" PUK_HASH "\",", "", "\"puk\" is missing or not a text"},
        {"\"home\":\"events\"", "\"home\":\"012345678901234567890123\"",
         "\"home\" is missing or not a text of the right length"},
    };
    access_close(f->access);
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char text[3000], secret[32];
        struct err err = ERR_EMPTY;
        const char *at = strstr(with_pins, rows[i][0]);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - with_pins), with_pins, rows[i][1],
                 at + strlen(rows[i][0]));
        test_write_file(f->path, text);
        assert_null(access_open(f->loop, f->saver, f->folder, &settings, secret, &err));
        if (!strstr(err.text, rows[i][2]))
            fail_msg("\"%s\" instead of \"%s\"", err.text, rows[i][2]);
    }
    f->access = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_pins, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_a_pin_signs_in),
        TEST(test_a_pin_is_changed_with_the_old_one),
        TEST(test_weak_pins),
        TEST(test_wrong_pins_block_for_good),
        TEST(test_the_count_is_on_disk_before_the_answer),
        TEST(test_wrong_ones_are_slowed_down),
        TEST(test_the_puk_unblocks),
        TEST(test_wrong_puks_leave_the_administrator),
        TEST(test_all_refusals_are_alike),
        TEST(test_blocked_is_told_where_names_are_listed),
        TEST(test_one_try_at_a_time),
        TEST(test_few_tries_at_a_time),
        TEST(test_a_pin_changed_meanwhile),
        TEST(test_disk_gone),
        TEST(test_users_with_a_pin),
        TEST(test_wishes_that_cannot_be),
        TEST(test_the_last_administrator_keeps_a_password),
        TEST(test_wrong_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
