#include "model/access_password.h"

#include <errno.h>

#include "test.h"

/* Made by other implementations: the reference C program (`printf ... | argon2 SALT -id -t 2 -k
 * 19456 -p 1 -e`) and python3-argon2 21.1. */
static const char by_argon2_cli[] = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$/"
                                    "HetJC6LZ4lnwgLB+wJSS2a9bFu2Kq4HxwNWzoJq2qU";

static const char by_python[] = "$argon2id$v=19$m=19456,t=2,p=1$7iPeSCypMhXQzn2NkjO28w$"
                                "9XjCCvnDipf5xhCYrzagL7MTKQF1B8wVBEuEVGLrJgw";

static void test_hashes_of_others(void **state)
{
    (void)state;
    assert_int_equal(access_password_verify(by_argon2_cli, "correct horse battery"), 1);
    assert_int_equal(access_password_verify(by_argon2_cli, "correct horse batterz"), 0);
    assert_int_equal(access_password_verify(by_argon2_cli, ""), 0);
    assert_int_equal(access_password_verify(by_python, "Z\xC3\xA4hlerstand-7 \xE2\x9A\xA1"), 1);
    assert_int_equal(access_password_verify(by_python, "Zahlerstand-7 \xE2\x9A\xA1"), 0);
    assert_true(access_password_is_hash(by_argon2_cli));
    assert_true(access_password_is_hash(by_python));
    assert_false(access_password_is_hash(""));
    assert_false(access_password_is_hash("$2b$12$abcdefghijklmnopqrstuv"));
    assert_false(access_password_is_hash("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA"));
}

static void test_our_hashes(void **state)
{
    (void)state;
    char one[ACCESS_HASH_MAX], two[ACCESS_HASH_MAX];
    assert_int_equal(access_password_hash("correct horse battery", one), 0);
    assert_int_equal(access_password_hash("correct horse battery", two), 0);
    assert_string_not_equal(one, two); /* salted */
    assert_memory_equal(one, "$argon2id$v=19$m=19456,t=2,p=1$", 31);
    assert_int_equal(access_password_verify(one, "correct horse battery"), 1);
    assert_int_equal(access_password_verify(one, "correct horse batter"), 0);
}

static void test_rules(void **state)
{
    (void)state;
    static const struct {
        const char *password, *old, *sentence;
    } rows[] = {
        {"kitchen table 9", NULL, NULL},
        {"tttttable!", NULL, NULL},
        {"\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F\xC3\xA4\xC3\xB6", NULL,
         NULL}, /* 10 */
        {"", NULL, "the password must have at least 10 characters"},
        {"ninechars", NULL, "the password must have at least 10 characters"},
        {"\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F\xC3\xA4\xC3\xB6\xC3\xBC\xC3\x9F\xC3\xA4", NULL,
         "the password must have at least 10 characters"},
        {"Operator-Anna", NULL, "the password must not be the user's name"},
        {"kitchen table 9", "kitchen table 9", "the new password must differ from the old one"},
        {"kitchen table 9", "kitchen table 8", NULL},
        {"Password123", NULL, "this password is among the first that are guessed; choose another"},
        {"1234567890", NULL, "this password is among the first that are guessed; choose another"},
        {"xxxxxxxxxxxx", NULL, "this password is among the first that are guessed; choose another"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct err err = ERR_EMPTY;
        int result = access_password_check("operator-anna", rows[i].password, rows[i].old, &err);
        assert_int_equal(result, rows[i].sentence ? -EINVAL : 0);
        assert_string_equal(err.text, rows[i].sentence ? rows[i].sentence : "");
    }
    char endless[ACCESS_PASSWORD_MAX + 2];
    memset(endless, 'x', sizeof endless - 1);
    endless[0] = 'y';
    endless[sizeof endless - 1] = '\0';
    assert_int_equal(access_password_check("anna", endless, NULL, NULL), -EINVAL);
    endless[sizeof endless - 2] = '\0';
    assert_int_equal(access_password_check("anna", endless, NULL, NULL), 0);
}

static void test_one_time_secrets(void **state)
{
    (void)state;
    char secret[ACCESS_SECRET_MAX], before[ACCESS_SECRET_MAX] = "";
    size_t seen[256] = {0};
    for (int i = 0; i < 2000; i++) {
        access_password_make(secret);
        assert_int_equal(strlen(secret), 24);
        assert_string_not_equal(secret, before);
        strcpy(before, secret);
        for (size_t j = 0; j < 24; j++) {
            assert_int_equal(secret[j] == '-', j % 5 == 4);
            assert_null(strchr("ilo01", secret[j]));
            seen[(unsigned char)secret[j]]++;
        }
    }
    /* 40000 letters of 31: 1290 each; six sigma are 212 */
    for (const char *letter = "abcdefghjkmnpqrstuvwxyz23456789"; *letter; letter++)
        assert_in_range(seen[(unsigned char)*letter], 1290 - 212, 1290 + 212);
    assert_int_equal(access_password_check("administrator", secret, NULL, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashes_of_others),
        cmocka_unit_test(test_our_hashes),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_one_time_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
