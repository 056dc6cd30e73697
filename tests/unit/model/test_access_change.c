/* Changes of users and tokens: on disk and in force together, or neither. */
#include "access_testing.h"

/* The account changes while the pool checks its old password. */
static void test_change_under_way(void **state)
{
    struct fixture *f = *state;
    struct answer answer = {0};
    access_sign_in(f->access, HOME, "bert", PASSWORD, NULL, on_signed_in, &answer);
    assert_int_equal(remove_user(f, "bert", NULL), 0);
    wait_for(f, &answer.came);
    /* Whichever came first: nobody stays signed in as a user who is gone. */
    if (answer.result.outcome != ACCESS_REFUSED)
        assert_int_equal(access_identify(f->access, answer.result.session, NULL).role, ROLE_NONE);
}

/* Until it is on disk nobody sees a change, and the next one is made on its result. */
static void test_changes_queue(void **state)
{
    struct fixture *f = *state;
    struct answer removed = {0}, again = {0}, token = {0};
    assert_non_null(access_user_remove(f->access, "bert", on_user_set, &removed));
    assert_non_null(access_user_remove(f->access, "bert", on_user_set, &again));
    assert_non_null(access_token_add(f->access, "t", ROLE_VIEW, 0, on_token_added, &token));
    assert_int_equal(access_user_count(f->access), 3);
    assert_string_equal(access_user_at(f->access, 1).name, "bert");
    wait_for(f, &token.came);
    assert_true(removed.came && again.came);
    assert_int_equal(removed.err.code, 0);
    assert_int_equal(again.err.code, -ENOENT);
    assert_int_equal(token.err.code, 0);
    assert_int_equal(access_user_count(f->access), 2);
    reopen(f);
    assert_int_equal(access_user_count(f->access), 2);
    assert_int_equal(access_token_count(f->access), 1);
}

/* Closed in the middle of a change: nobody is called, and nothing is left. */
static void test_close_while_saving(void **state)
{
    struct fixture *f = *state;
    struct answer first = {0}, second = {0};
    access_user_remove(f->access, "bert", on_user_set, &first);
    access_user_remove(f->access, "carl", on_user_set, &second);
    f->access = access_close(f->access);
    while (saver_busy(f->saver)) {
        loop_poll(f->loop);
        usleep(500);
    }
    assert_false(first.came || second.came);
    open_access(f);
    assert_int_equal(access_user_count(f->access), 2); /* the first one was on its way */
}

/* ---- users ----------------------------------------------------------------------------------- */

static void test_users(void **state)
{
    struct fixture *f = *state;
    struct access_sign_in bert = sign_in(f, "bert", PASSWORD), anna = sign_in(f, "anna", PASSWORD);
    assert_int_equal(set_user(f, "dora", "kitchen table 9", ROLE_VIEW).code, 0);
    assert_int_equal(access_user_count(f->access), 4);
    assert_int_equal(sign_in(f, "dora", "kitchen table 9").role, ROLE_VIEW);
    /* a change of role or password ends that user's sessions, nobody else's */
    assert_int_equal(set_user(f, "bert", NULL, ROLE_VIEW).code, 0);
    assert_int_equal(access_identify(f->access, bert.session, NULL).role, ROLE_NONE);
    assert_int_equal(access_identify(f->access, anna.session, NULL).role, ROLE_ADMINISTRATOR);
    bert = sign_in(f, "bert", PASSWORD);
    assert_int_equal(bert.role, ROLE_VIEW);
    assert_int_equal(set_user(f, "bert", "garden bench 12", ROLE_NONE).code, 0);
    assert_int_equal(access_identify(f->access, bert.session, NULL).role, ROLE_NONE);
    assert_int_equal(sign_in(f, "bert", PASSWORD).outcome, ACCESS_REFUSED);
    bert = sign_in(f, "bert", "garden bench 12");
    assert_int_equal(bert.role, ROLE_VIEW);
    assert_int_equal(remove_user(f, "bert", NULL), 0);
    assert_int_equal(access_identify(f->access, bert.session, NULL).role, ROLE_NONE);
    reopen(f);
    assert_int_equal(access_user_count(f->access), 3);
    assert_string_equal(access_user_at(f->access, 2).name, "dora");
    assert_int_equal(access_user_at(f->access, 0).created, 1700000000LL * CLOCK_S);
    assert_true(access_user_at(f->access, 1).must_change);
}

static void test_user_refusals(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name, *password;
        enum access_role role;
        const char *sentence;
    } rows[] = {
        {"root", "kitchen table 9", ROLE_VIEW,
         "the name \"root\" is what every attacker tries first; choose another"},
        {"admin", "kitchen table 9", ROLE_VIEW,
         "the name \"admin\" is what every attacker tries first; choose another"},
        {"local", "kitchen table 9", ROLE_VIEW,
         "the name \"local\" stands for commands given on this machine itself"},
        {"Dora", "kitchen table 9", ROLE_VIEW, "a user's name is up to 63 lower-case letters"},
        {"", "kitchen table 9", ROLE_VIEW, "a user's name is up to 63 lower-case letters"},
        {"-d", "kitchen table 9", ROLE_VIEW, "a user's name is up to 63 lower-case letters"},
        {"dora", NULL, ROLE_VIEW, "a new user needs a role and a password or PIN"},
        {"dora", "kitchen table 9", ROLE_NONE, "a new user needs a role and a password or PIN"},
        {"dora", "short", ROLE_VIEW, "the password must have at least 10 characters"},
        {"dora", "kitchen table 9", 77,
         "a user's role is view, control, installer or administrator"},
        {"anna", PASSWORD, ROLE_NONE, "the new password must differ from the old one"},
        {"anna", NULL, ROLE_CONTROL,
         "\"anna\" is the last administrator with a password: make another one first"},
        {"anna", "kitchen table 9", ROLE_VIEW,
         "\"anna\" is the last administrator with a password: make another one first"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct err err = set_user(f, rows[i].name, rows[i].password, rows[i].role);
        assert_true(err.code < 0);
        if (strncmp(err.text, rows[i].sentence, strlen(rows[i].sentence)) != 0)
            fail_msg("\"%s\" instead of \"%s\"", err.text, rows[i].sentence);
    }
    struct err err = ERR_EMPTY;
    assert_int_equal(remove_user(f, "anna", &err), -EPERM);
    assert_string_equal(
        err.text, "\"anna\" is the last administrator with a password: make another one first");
    assert_int_equal(remove_user(f, "dora", &err), -ENOENT);
    assert_int_equal(access_user_count(f->access), 3);
    char *text = test_read_file(f->path);
    assert_string_equal(text, stored); /* untouched by all that */
    free(text);
    assert_int_equal(set_user(f, "bert", NULL, ROLE_ADMINISTRATOR).code, 0);
    assert_int_equal(remove_user(f, "anna", &err), 0);
}

/* What cannot be saved does not happen. */
static void test_disk_gone(void **state)
{
    struct fixture *f = *state;
    struct access_sign_in bert = sign_in(f, "bert", PASSWORD);
    char secret[64], id[32], moved[240];
    snprintf(moved, sizeof moved, "%s-moved", f->folder);
    assert_int_equal(rename(f->folder, moved), 0);
    struct err err = ERR_EMPTY;
    assert_int_equal(remove_user(f, "bert", &err), -ENOENT);
    assert_memory_equal(err.text, "cannot write ", 13);
    assert_string_equal(access_user_at(f->access, 1).name, "bert");
    assert_string_equal(access_user_at(f->access, 2).name, "carl");
    assert_int_equal(set_user(f, "bert", "kitchen table 9", ROLE_VIEW).code, -ENOENT);
    assert_int_equal(set_user(f, "dora", "kitchen table 9", ROLE_VIEW).code, -ENOENT);
    assert_int_equal(access_user_count(f->access), 3);
    assert_int_equal(add_token(f, "t", ROLE_VIEW, 0, secret, id, &err), -ENOENT);
    assert_string_equal(secret, "");
    assert_int_equal(access_token_count(f->access), 0);
    assert_int_equal(sign_in_from(f, HOME, "carl", PASSWORD, "kitchen table 9").outcome,
                     ACCESS_BUSY);
    assert_int_equal(access_identify(f->access, bert.session, NULL).role, ROLE_CONTROL);
    assert_int_equal(sign_in(f, "bert", PASSWORD).outcome, ACCESS_SIGNED_IN);
    assert_int_equal(rename(moved, f->folder), 0);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

static void test_tokens(void **state)
{
    struct fixture *f = *state;
    char secret[64], id[32], expiring[64], expiring_id[32];
    assert_int_equal(add_token(f, "home assistant", ROLE_CONTROL, 0, secret, id, NULL), 0);
    assert_int_equal(
        add_token(f, "visitor", ROLE_VIEW, WALL + 3600 * CLOCK_S, expiring, expiring_id, NULL), 0);
    assert_int_equal(strlen(secret), 46);
    assert_memory_equal(secret, "bb_", 3);
    assert_int_equal(
        strspn(secret + 3, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    struct access_identity who = access_identify(f->access, NULL, secret);
    assert_int_equal(who.role, ROLE_CONTROL);
    assert_string_equal(who.user, "home assistant");
    assert_null(who.csrf);
    char *text = test_read_file(f->path);
    assert_null(strstr(text, secret + 3));
    free(text);
    reopen(f);
    assert_int_equal(access_token_count(f->access), 2);
    assert_string_equal(access_token_at(f->access, 0).id, id);
    assert_int_equal(access_token_at(f->access, 1).expires, WALL + 3600 * CLOCK_S);
    assert_int_equal(access_identify(f->access, "no session", secret).role, ROLE_CONTROL);
    assert_int_equal(access_identify(f->access, NULL, expiring).role, ROLE_VIEW);
    loop_advance(f->loop, 3600 * CLOCK_S);
    assert_int_equal(access_identify(f->access, NULL, expiring).role, ROLE_NONE);
    assert_int_equal(access_identify(f->access, NULL, secret).role, ROLE_CONTROL);
    secret[10] = secret[10] == 'A' ? 'B' : 'A';
    assert_int_equal(access_identify(f->access, NULL, secret).role, ROLE_NONE);
    assert_int_equal(remove_token(f, id, NULL), 0);
    assert_int_equal(remove_token(f, id, NULL), -ENOENT);
    assert_int_equal(access_token_count(f->access), 1);
    assert_string_equal(access_token_at(f->access, 0).id, expiring_id);
}

static void test_token_of_another_implementation(void **state)
{
    struct fixture *f = *state;
    /* python3: hashlib.blake2b(b"bb_" + b"A" * 43, digest_size=32).hexdigest() */
    char text[2000], secret[64] = "bb_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    snprintf(text, sizeof text,
             "%.*s[{\"id\":\"0123456789abcdef\",\"name\":\"t\",\"role\":\"view\",\"created\":1,"
             "\"expires\":0,\"hash\":"
             "\"dcd0f6e0a383b7b9f188ca736f1166a6bbc403152f715b253c99f326b6b9cfae\"}]}",
             (int)(strstr(stored, "[]") - stored), stored);
    test_write_file(f->path, text);
    reopen(f);
    assert_int_equal(access_identify(f->access, NULL, secret).role, ROLE_VIEW);
}

static void test_token_refusals(void **state)
{
    struct fixture *f = *state;
    char secret[64], id[32], name[100];
    struct err err = ERR_EMPTY;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(add_token(f, "", ROLE_VIEW, 0, secret, id, &err), -EINVAL);
    assert_int_equal(add_token(f, name, ROLE_VIEW, 0, secret, id, &err), -EINVAL);
    assert_int_equal(add_token(f, "a\nb", ROLE_VIEW, 0, secret, id, &err), -EINVAL);
    assert_int_equal(add_token(f, "a", ROLE_NONE, 0, secret, id, &err), -EINVAL);
    assert_int_equal(add_token(f, "a", ROLE_VIEW, WALL, secret, id, &err), -EINVAL);
    assert_string_equal(err.text, "the token would have expired already");
    /* without a date, nothing that expires is made or trusted */
    assert_int_equal(add_token(f, "a", ROLE_VIEW, WALL + CLOCK_S, secret, id, &err), 0);
    f->clock.fake_wall_known = false;
    assert_int_equal(access_identify(f->access, NULL, secret).role, ROLE_NONE);
    assert_int_equal(add_token(f, "b", ROLE_VIEW, WALL + CLOCK_S, secret, id, &err), -EINVAL);
    f->clock.fake_wall_known = true;
    for (int i = 1; i < LIMIT_TOKENS; i++)
        assert_int_equal(add_token(f, "a", ROLE_VIEW, 0, secret, id, &err), 0);
    assert_int_equal(add_token(f, "a", ROLE_VIEW, 0, secret, id, &err), -ENOSPC);
    reopen(f);
    assert_int_equal(access_token_count(f->access), LIMIT_TOKENS);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_change_under_way),
        TEST(test_changes_queue),
        TEST(test_close_while_saving),
        TEST(test_users),
        TEST(test_user_refusals),
        TEST(test_disk_gone),
        TEST(test_tokens),
        TEST(test_token_of_another_implementation),
        TEST(test_token_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
