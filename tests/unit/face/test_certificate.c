#include "test_own_folder.h"

#include <errno.h>
#include <sys/stat.h>

#include "face/certificate.h"
#include "face/certificate_keep.h"
#include "face/certificate_make.h"

#define WALL (1790000000LL * CLOCK_S)

static const char *file(const char *name)
{
    static char paths[4][600];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder_path, name);
    return path;
}

/* Runs a command of another program over the files; 0 when it is content. */
static int shell(const char *format, const char *a, const char *b)
{
    char command[2000];
    snprintf(command, sizeof command, "cd '%s' && ( ", folder_path);
    snprintf(command + strlen(command), sizeof command - strlen(command), "%s%s%s", format, a, b);
    strcat(command, " ) >/dev/null 2>&1");
    return system(command);
}

static void test_own(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    struct stat info;
    struct certificate *first = certificate_own(folder_path, false, WALL, &err);
    if (!first)
        fail_msg("%s", err.text);
    assert_int_equal(stat(file("tls.key"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_true(first->expires > WALL + 10LL * 365 * 86400 * CLOCK_S);
    assert_int_equal(strlen(first->fingerprint), 95);
    /* The second start keeps it; another machine gets another. */
    struct certificate *again = certificate_own(folder_path, false, WALL, &err);
    assert_string_equal(again->fingerprint, first->fingerprint);
    remove(file("tls.key"));
    struct certificate *other = certificate_own(folder_path, false, WALL, &err);
    assert_string_not_equal(other->fingerprint, first->fingerprint);
    certificate_unref(first);
    certificate_unref(again);
    certificate_unref(other);
}

/* OpenSSL, which shares no code with GnuTLS, must agree on what was made. */
static void test_openssl(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    if (shell("openssl version", "", "") != 0)
        skip();
    certificate_unref(certificate_own(folder_path, false, WALL, &err));
    assert_int_equal(
        shell("openssl x509 -in tls.crt -noout -text | grep 'NIST CURVE: P-256'", "", ""), 0);
    assert_int_equal(
        shell("openssl x509 -in tls.crt -noout -text | grep -A1 'Alternative Name' | ", "",
              "grep 'DNS:localhost.*IP Address:127.0.0.1.*IP Address:0:0:0:0:0:0:0:1'"),
        0);
    assert_int_equal(shell("openssl verify -CAfile tls.crt tls.crt", "", ""), 0);
    assert_int_equal(
        shell("openssl x509 -in tls.crt -noout -checkhost localhost | grep 'does match'", "", ""),
        0);
    assert_int_equal(shell("test \"$(openssl pkey -in tls.key -pubout)\" = \"$(openssl x509 -in "
                           "tls.crt -noout -pubkey)\"",
                           "", ""),
                     0);
}

static void test_rsa(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    assert_int_equal(certificate_make(file("r.crt"), file("r.key"), true, WALL, &err), 0);
    struct certificate *pair = certificate_load(file("r.crt"), file("r.key"), &err);
    assert_non_null(pair);
    certificate_unref(pair);
}

static void test_der(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    if (shell("openssl version", "", "") != 0)
        skip();
    certificate_unref(certificate_own(folder_path, false, WALL, &err));
    assert_int_equal(shell("openssl x509 -in tls.crt -outform DER -out d.crt && ", "",
                           "openssl pkey -in tls.key -outform DER -out d.key"),
                     0);
    struct certificate *pair = certificate_load(file("d.crt"), file("d.key"), &err);
    if (!pair)
        fail_msg("%s", err.text);
    certificate_unref(pair);
}

static void refuse(const char *certificate, const char *key, const char *says)
{
    struct err err = ERR_EMPTY;
    struct certificate *pair = certificate_load(file(certificate), file(key), &err);
    if (pair)
        fail_msg("%s with %s was taken", certificate, key);
    if (!strstr(err.text, says))
        fail_msg("%s", err.text);
}

static void test_refused(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    assert_int_equal(certificate_make(file("a.crt"), file("a.key"), false, WALL, &err), 0);
    assert_int_equal(certificate_make(file("b.crt"), file("b.key"), false, WALL, &err), 0);
    refuse("a.crt", "b.key", "does not belong");
    refuse("b.crt", "a.key", "does not belong");
    refuse("a.key", "a.key", "not a certificate");
    refuse("a.crt", "a.crt", "not a private key");
    refuse("none.crt", "a.key", "none.crt");
    refuse("a.crt", "none.key", "none.key");
    test_write_file(file("empty"), "");
    refuse("empty", "a.key", "not a certificate");
    refuse("a.crt", "empty", "not a private key");
    test_write_file(file("bad"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    refuse("bad", "a.key", "not a certificate");
    test_write_file(file("noise"), "\x30\x82\x01\x01garbage");
    refuse("noise", "a.key", "not a certificate");
    refuse("a.crt", "noise", "not a private key");
}

static void judge(const struct certificate *pair, clock_us wall, const char *says)
{
    struct err err = ERR_EMPTY;
    int result = certificate_check(pair, wall, &err);
    if ((result == 0) != (says == NULL) || (says && !strstr(err.text, says)))
        fail_msg("%d %s", result, err.text);
}

/* Made at WALL: valid from a day before, for twenty years and five days. */
static void test_check(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    const clock_us day = 86400LL * CLOCK_S;
    struct certificate *pair = certificate_make_pair(false, WALL, NULL, &err);
    assert_non_null(pair);
    judge(pair, WALL, NULL);
    judge(pair, WALL - day + CLOCK_S, NULL);
    judge(pair, WALL - day - CLOCK_S, "not valid before 2026-09-20");
    judge(pair, WALL + (20 * 365 + 4) * day - CLOCK_S, NULL);
    judge(pair, WALL + (20 * 365 + 4) * day + CLOCK_S, "expired on 2046-09-20");
    judge(pair, 0, NULL); /* the time is not known: not judged */
    certificate_unref(pair);
}

static void test_keep(void **state)
{
    (void)state;
    struct err err = ERR_EMPTY;
    struct stat info;
    struct certificate *first = certificate_own(folder_path, false, WALL, &err);
    struct certificate *pair = certificate_make_pair(
        false, WALL, " power.example  192.0.2.9 2001:db8::7 \xc3\xa4.example ", &err);
    assert_non_null(pair);
    assert_int_equal(certificate_keep(pair, folder_path, &err), 0);
    assert_int_equal(stat(file("tls.pem"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    struct certificate *kept = certificate_own(folder_path, false, WALL, &err);
    assert_string_equal(kept->fingerprint, pair->fingerprint);
    assert_string_not_equal(kept->fingerprint, first->fingerprint);
    if (shell("openssl version", "", "") == 0)
        assert_int_equal(shell("openssl x509 -in tls.pem -noout -text | grep 'DNS:power.example, "
                               "IP Address:192.0.2.9, IP Address:2001:DB8:0:0:0:0:0:7'",
                               "", ""),
                         0);
    /* Where it cannot be written nothing changes. */
    assert_int_equal(certificate_keep(first, file("none"), &err), -ENOENT);
    /* A damaged one is passed over. */
    test_write_file(file("tls.pem"), "-----BEGIN CERTIFICATE-----\n");
    struct certificate *own = certificate_own(folder_path, false, WALL, &err);
    assert_string_equal(own->fingerprint, first->fingerprint);
    certificate_unref(first);
    certificate_unref(pair);
    certificate_unref(kept);
    certificate_unref(own);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
    const struct CMUnitTest tests[] = {ROW(test_own), ROW(test_openssl), ROW(test_rsa),
                                       ROW(test_der), ROW(test_refused), ROW(test_check),
                                       ROW(test_keep)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
