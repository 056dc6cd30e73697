#include "model/access_password.h"

#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define PASSES 2
#define MEMORY (19u * 1024 * 1024)
#define CHARACTERS_MIN 10

_Static_assert(ACCESS_HASH_MAX == crypto_pwhash_STRBYTES, "libsodium's size");

int access_password_hash(const char *password, char *hash)
{
    int result = crypto_pwhash_str_alg(hash, password, strlen(password), PASSES, MEMORY,
                                       crypto_pwhash_ALG_ARGON2ID13);
    return result < 0 ? -ENOMEM : 0;
}

int access_password_verify(const char *hash, const char *password)
{
    errno = 0;
    if (crypto_pwhash_str_verify(hash, password, strlen(password)) == 0)
        return 1;
    /* libsodium tells a wrong password by EINVAL; anything else is a failure of the machine. */
    return errno == EINVAL ? 0 : -ENOMEM;
}

int access_password_is_hash(const char *text)
{
    size_t length = strlen(text);
    return length < ACCESS_HASH_MAX &&
           strncmp(text, crypto_pwhash_argon2id_STRPREFIX,
                   sizeof crypto_pwhash_argon2id_STRPREFIX - 1) == 0 &&
           crypto_pwhash_str_needs_rehash(text, PASSES, MEMORY) >= 0;
}

/* The most used ones (of public lists of leaked passwords) that are long enough to pass otherwise.
 */
static const char *const common[] = {
    "0123456789",   "0987654321",   "1029384756",    "1111111111",       "11223344556",
    "12345678910",  "1234567890",   "1234567891",    "12345678900",      "123456789a",
    "123456789q",   "1234512345",   "123123123123",  "1q2w3e4r5t",       "1q2w3e4r5t6y",
    "1qaz2wsx3edc", "a123456789",   "abcd123456",    "abcdefghij",       "abc123456789",
    "admin12345",   "admin123456",  "administrator", "administrator1",   "adminadmin",
    "aa12345678",   "asdfghjkl1",   "asdfghjkl;",    "asdf123456",       "basketball",
    "busbarbusbar", "changeme123",  "changeme1234",  "changemenow",      "controller",
    "football123",  "iloveyou123",  "letmein123",    "liverpool1",       "master1234",
    "passw0rd123",  "password01",   "password10",    "password11",       "password12",
    "password123",  "password1234", "password12345", "passwordpassword", "q1w2e3r4t5",
    "q1w2e3r4t5y6", "qazwsxedcrfv", "qwerty1234",    "qwerty12345",      "qwerty123456",
    "qwertyuiop",   "qwertyuiop1",  "qwertzuiop",    "princess123",      "superman123",
    "supervisor",   "test123456",   "welcome123",    "welcome1234",      "zaq12wsxcde3",
    "zxcvbnm123",   "zxcvbnmasd",
};

static bool is_common(const char *password)
{
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        if (strcasecmp(password, common[i]) == 0)
            return true;
    }
    return strspn(password, (const char[]){*password, '\0'}) == strlen(password);
}

/* UTF-8 characters: bytes that do not continue one. */
static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

int access_password_check(const char *user, const char *password, const char *old, struct err *err)
{
    if (count_characters(password) < CHARACTERS_MIN)
        return err_set(err, -EINVAL, "the password must have at least %d characters",
                       CHARACTERS_MIN);
    if (strlen(password) > ACCESS_PASSWORD_MAX)
        return err_set(err, -EINVAL, "the password must have at most %d bytes",
                       ACCESS_PASSWORD_MAX);
    if (strcasecmp(password, user) == 0)
        return err_set(err, -EINVAL, "the password must not be the user's name");
    if (old && strcmp(password, old) == 0)
        return err_set(err, -EINVAL, "the new password must differ from the old one");
    if (is_common(password))
        return err_set(err, -EINVAL,
                       "this password is among the first that are guessed; choose another");
    return 0;
}

void access_password_make(char secret[ACCESS_SECRET_MAX])
{
    /* Without i, l, o, 0 and 1, which are mistaken for each other: 31 letters, 4.95 bits each. */
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
    enum { GROUPS = 5, GROUP = 4 };
    char *at = secret;
    for (int i = 0; i < GROUPS * GROUP; i++) {
        if (i && i % GROUP == 0)
            *at++ = '-';
        *at++ = letters[randombytes_uniform(sizeof letters - 1)];
    }
    *at = '\0';
}
