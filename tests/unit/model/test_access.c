#include "model/access.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "test.h"
#include "test_folder.h"

#define WALL (1790000000LL * CLOCK_S)
#define HOME "192.0.2.10"

/* Of "correct horse battery", by the argon2 program (see test_access_password.c). */
#define HASH                                                                                       \
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$/"                                      \
    "HetJC6LZ4lnwgLB+wJSS2a9bFu2Kq4HxwNWzoJq2qU"
#define PASSWORD "correct horse battery"

static const struct access_settings settings = {
    .view = ACCESS_VIEW_PASSWORD,
    .session_idle = 12 * 3600 * CLOCK_S,
    .session_most = 7 * 86400 * CLOCK_S,
};

/* anna is an administrator, bert may control, carl has a one-time secret; all have PASSWORD */
static const char stored[] =
    "{\"version\": 1, \"users\": [\n"
    "{\"name\":\"anna\",\"role\":\"administrator\",\"must_change\":false,\"created\":1700000000,"
    "\"password\":\"" HASH "\"},\n"
    "{\"name\":\"bert\",\"role\":\"control\",\"must_change\":false,\"created\":1700000001,"
    "\"password\":\"" HASH "\"},\n"
    "{\"name\":\"carl\",\"role\":\"view\",\"must_change\":true,\"created\":0,\"password\":\"" HASH
    "\"}\n"
    "], \"tokens\": []}\n";

struct fixture {
    struct clock clock;
    struct loop *loop;
    struct access *access;
    char folder[200], path[240], secret[32];
};

static int set_up_empty(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->clock = clock_fake(WALL);
    f->loop = loop_new(&f->clock);
    test_folder(f->folder, sizeof f->folder);
    snprintf(f->path, sizeof f->path, "%s/access.json", f->folder);
    *state = f;
    return 0;
}

static void open_access(struct fixture *f)
{
    struct err err = ERR_EMPTY;
    f->access = access_open(f->loop, f->folder, &settings, f->secret, &err);
    if (!f->access)
        fail_msg("%s", err.text);
}

static int set_up(void **state)
{
    set_up_empty(state);
    struct fixture *f = *state;
    test_write_file(f->path, stored);
    chmod(f->path, 0600);
    open_access(f);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    access_close(f->access);
    loop_free(f->loop);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

/* ---- helpers --------------------------------------------------------------------------------- */

struct answer {
    bool came;
    struct access_sign_in result;
    struct err err;
};

static void on_signed_in(void *user_data, const struct access_sign_in *result)
{
    struct answer *answer = user_data;
    assert_false(answer->came);
    answer->came = true;
    answer->result = *result;
}

static void on_user_set(void *user_data, const struct err *err)
{
    struct answer *answer = user_data;
    assert_false(answer->came);
    answer->came = true;
    answer->err = *err;
}

/* The pool works in real time, the clock stands still. */
static void wait_for(struct fixture *f, const bool *came)
{
    for (int i = 0; i < 20000 && !*came; i++) {
        loop_poll(f->loop);
        usleep(500);
    }
    assert_true(*came);
}

static struct access_sign_in sign_in_from(struct fixture *f, const char *source, const char *user,
                                          const char *password, const char *new_password)
{
    struct answer answer = {0};
    assert_non_null(
        access_sign_in(f->access, source, user, password, new_password, on_signed_in, &answer));
    assert_false(answer.came); /* never from inside the call */
    wait_for(f, &answer.came);
    return answer.result;
}

static struct access_sign_in sign_in(struct fixture *f, const char *user, const char *password)
{
    return sign_in_from(f, HOME, user, password, NULL);
}

static struct err set_user(struct fixture *f, const char *name, const char *password,
                           enum access_role role)
{
    struct answer answer = {0};
    assert_non_null(access_user_set(f->access, name, password, role, on_user_set, &answer));
    wait_for(f, &answer.came);
    return answer.err;
}

static void reopen(struct fixture *f)
{
    access_close(f->access);
    open_access(f);
}

/* ---- first start ----------------------------------------------------------------------------- */

static void test_first_start(void **state)
{
    struct fixture *f = *state;
    open_access(f);
    assert_int_equal(strlen(f->secret), 24);
    assert_int_equal(access_user_count(f->access), 1);
    struct access_user first = access_user_at(f->access, 0);
    assert_string_equal(first.name, "administrator");
    assert_int_equal(first.role, ROLE_ADMINISTRATOR);
    assert_true(first.must_change);
    assert_int_equal(first.created, WALL);
    struct stat about;
    assert_int_equal(stat(f->path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    char *text = test_read_file(f->path);
    assert_null(strstr(text, f->secret));
    free(text);

    char secret[32];
    strcpy(secret, f->secret);
    struct access_sign_in result = sign_in(f, "administrator", secret);
    assert_int_equal(result.outcome, ACCESS_CHANGE_REQUIRED);
    assert_string_equal(result.session, "");
    result = sign_in_from(f, HOME, "administrator", secret, secret);
    assert_int_equal(result.outcome, ACCESS_WEAK);
    assert_string_equal(result.err.text, "the new password must differ from the old one");
    result = sign_in_from(f, HOME, "administrator", secret, "short");
    assert_int_equal(result.outcome, ACCESS_WEAK);
    result = sign_in_from(f, HOME, "administrator", "wrong", "kitchen table 9");
    assert_int_equal(result.outcome, ACCESS_REFUSED);
    result = sign_in_from(f, HOME, "administrator", secret, "kitchen table 9");
    assert_int_equal(result.outcome, ACCESS_SIGNED_IN);
    assert_int_equal(result.role, ROLE_ADMINISTRATOR);
    assert_int_equal(access_identify(f->access, result.session, NULL).role, ROLE_ADMINISTRATOR);
    /* the secret is used up, the password survives a restart, and no second secret is made */
    reopen(f);
    assert_string_equal(f->secret, "");
    assert_false(access_user_at(f->access, 0).must_change);
    assert_int_equal(sign_in(f, "administrator", secret).outcome, ACCESS_REFUSED);
    assert_int_equal(sign_in(f, "administrator", "kitchen table 9").outcome, ACCESS_SIGNED_IN);
}

static void test_folder_missing(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    char secret[32] = "x";
    assert_null(access_open(f->loop, "/nowhere/at/all", &settings, secret, &err));
    assert_string_equal(secret, "");
    assert_memory_equal(err.text, "cannot write /nowhere/at/all/access.json: ", 42);
}

/* A file that is there but cannot be understood is never replaced. */
static void test_broken_files(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[][2] = {
        {"", ":1:0: '[' or '{' expected near end of file"},
        {"{\"version\": 1,\n\"users\": [}", ":2:11: unexpected token near '}'"},
        {"{\"version\": 1, \"version\": 1, \"users\": [], \"tokens\": []}", ":1:"},
        {"[]", ": must hold \"version\": 1, \"users\" and \"tokens\", no more"},
        {"{\"version\": 2, \"users\": [], \"tokens\": []}", ": must hold \"version\": 1"},
        {"{\"version\": 1, \"users\": [], \"tokens\": [], \"more\": 1}",
         ": must hold \"version\": 1"},
        {"{\"version\": 1, \"users\": {}, \"tokens\": []}",
         ": \"users\" must be a list of at most 256"},
        {"{\"version\": 1, \"users\": [], \"tokens\": []}", ": there is no administrator"},
        {"{\"version\": 1, \"users\": [1], \"tokens\": []}",
         ": users[0]: \"users\" must be an object"},
        {"{\"version\": 1, \"users\": [{\"name\": \"a\"}], \"tokens\": []}",
         ": users[0]: \"password\" is missing or not a text of the right length"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct err err = ERR_EMPTY;
        char secret[32], wanted[400];
        test_write_file(f->path, rows[i][0]);
        assert_null(access_open(f->loop, f->folder, &settings, secret, &err));
        assert_int_equal(err.code, -EINVAL);
        snprintf(wanted, sizeof wanted, "%s%s", f->path, rows[i][1]);
        if (strncmp(err.text, wanted, strlen(wanted)) != 0)
            fail_msg("\"%s\" instead of \"%s\"", err.text, wanted);
        assert_non_null(strstr(err.text, "; repair the file, or remove it to begin again"));
        char *text = test_read_file(f->path);
        assert_string_equal(text, rows[i][0]);
        free(text);
    }
}

/* One word of a good file replaced by another. */
static void test_wrong_entries(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[][3] = {
        {"\"anna\"", "\"root\"", "users[0]: \"root\" cannot be the name of a user"},
        {"\"anna\"", "\"An na\"", "users[0]: \"An na\" cannot be the name of a user"},
        {"\"bert\"", "\"anna\"", "users[1]: \"anna\" is there twice"},
        {"\"control\"", "\"god\"", "users[1]: \"role\" must be view, control or administrator"},
        {"\"must_change\":true", "\"must_change\":1",
         "users[2]: \"must_change\" must be true or false"},
        {"1700000000", "-1", "users[0]: \"created\" is missing or not a time in seconds"},
        {"1700000000", "1.5", "users[0]: \"created\" is missing or not a time in seconds"},
        {"$argon2id$v=19", "$argon2d$v=19", "users[0]: \"password\" must be an argon2id hash"},
        {"\"role\":\"view\"", "\"role\":\"view\",\"right\":1",
         "users[2]: \"right\" is not a known key"},
        {"\"tokens\": []",
         "\"tokens\": [{\"id\":\"a\",\"name\":\"b\",\"role\":\"view\",\"created\":1,\"expires\":0,"
         "\"hash\":\"abc\"}]",
         "tokens[0]: \"hash\" must be 64 hexadecimal digits"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        char text[2000], secret[32];
        struct err err = ERR_EMPTY;
        const char *at = strstr(stored, rows[i][0]);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - stored), stored, rows[i][1],
                 at + strlen(rows[i][0]));
        test_write_file(f->path, text);
        assert_null(access_open(f->loop, f->folder, &settings, secret, &err));
        if (!strstr(err.text, rows[i][2]))
            fail_msg("\"%s\" instead of \"%s\"", err.text, rows[i][2]);
    }
}

/* ---- signing in ------------------------------------------------------------------------------ */

static void test_outcomes(void **state)
{
    struct fixture *f = *state;
    struct access_sign_in result = sign_in(f, "anna", PASSWORD);
    assert_int_equal(result.outcome, ACCESS_SIGNED_IN);
    assert_string_equal(result.user, "anna");
    assert_int_equal(result.role, ROLE_ADMINISTRATOR);
    assert_int_equal(strlen(result.session), 43); /* 256 bits as base64 */
    assert_int_equal(strlen(result.csrf), 43);
    assert_string_not_equal(result.session, result.csrf);
    assert_int_equal(sign_in(f, "anna", "correct horse batterz").outcome, ACCESS_REFUSED);
    assert_int_equal(sign_in(f, "anna", "").outcome, ACCESS_REFUSED);
    assert_int_equal(sign_in(f, "Anna", PASSWORD).outcome, ACCESS_REFUSED);
    assert_int_equal(sign_in_from(f, "192.0.2.11", "nobody", PASSWORD, NULL).outcome,
                     ACCESS_REFUSED);
    assert_int_equal(sign_in_from(f, "192.0.2.12", "", PASSWORD, NULL).outcome, ACCESS_REFUSED);
    assert_int_equal(sign_in_from(f, "192.0.2.13", "carl", PASSWORD, NULL).outcome,
                     ACCESS_CHANGE_REQUIRED);
    char endless[5000];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_int_equal(sign_in_from(f, "192.0.2.14", endless, endless, NULL).outcome, ACCESS_REFUSED);
    assert_int_equal(sign_in_from(f, "192.0.2.14", "anna", endless, NULL).outcome, ACCESS_REFUSED);
}

static void test_identity(void **state)
{
    struct fixture *f = *state;
    struct access_sign_in result = sign_in(f, "bert", PASSWORD);
    struct access_identity who = access_identify(f->access, result.session, NULL);
    assert_int_equal(who.role, ROLE_CONTROL);
    assert_string_equal(who.user, "bert");
    assert_string_equal(who.csrf, result.csrf);
    static const char *const wrong[] = {"", "x", "not a session at all, but of some length ......"};
    for (size_t i = 0; i < TEST_COUNT(wrong); i++) {
        who = access_identify(f->access, wrong[i], wrong[i]);
        assert_int_equal(who.role, ROLE_NONE);
        assert_string_equal(who.user, "");
        assert_null(who.csrf);
    }
    assert_int_equal(access_identify(f->access, NULL, NULL).role, ROLE_NONE);
    struct access_settings open = settings;
    open.view = ACCESS_VIEW_OPEN;
    access_configure(f->access, &open);
    assert_int_equal(access_identify(f->access, NULL, NULL).role, ROLE_VIEW);
    assert_int_equal(access_identify(f->access, "wrong", NULL).role, ROLE_VIEW);
    access_sign_out(f->access, "wrong");
    access_sign_out(f->access, result.session);
    assert_int_equal(access_identify(f->access, result.session, NULL).role, ROLE_VIEW);
}

static void test_sessions_end(void **state)
{
    struct fixture *f = *state;
    struct access_sign_in idle = sign_in(f, "bert", PASSWORD), busy = sign_in(f, "bert", PASSWORD);
    for (int hour = 0; hour < 7 * 24; hour += 6) {
        enum access_role role = access_identify(f->access, busy.session, NULL).role;
        assert_int_equal(role, ROLE_CONTROL);
        loop_advance(f->loop, 6 * 3600 * CLOCK_S);
    }
    assert_int_equal(access_identify(f->access, idle.session, NULL).role, ROLE_NONE);
    assert_int_equal(access_identify(f->access, busy.session, NULL).role, ROLE_NONE); /* a week */
    struct access_sign_in once = sign_in(f, "bert", PASSWORD);
    loop_advance(f->loop, 12 * 3600 * CLOCK_S - 1);
    assert_int_equal(access_identify(f->access, once.session, NULL).role, ROLE_CONTROL);
    loop_advance(f->loop, 12 * 3600 * CLOCK_S);
    assert_int_equal(access_identify(f->access, once.session, NULL).role, ROLE_NONE);
    /* sessions are in memory only */
    once = sign_in(f, "bert", PASSWORD);
    reopen(f);
    assert_int_equal(access_identify(f->access, once.session, NULL).role, ROLE_NONE);
}

static void test_stepping_the_wall_clock_ends_no_session(void **state)
{
    struct fixture *f = *state;
    struct access_sign_in result = sign_in(f, "bert", PASSWORD);
    clock_fake_step_wall(&f->clock, 365 * 86400 * CLOCK_S);
    loop_advance(f->loop, CLOCK_S);
    assert_int_equal(access_identify(f->access, result.session, NULL).role, ROLE_CONTROL);
}

/* Who signs in again and again loses own sessions, not those of others. */
static void test_crowding(void **state)
{
    struct fixture *f = *state;
    struct access_sign_in anna = sign_in(f, "anna", PASSWORD), first = {0}, last = {0};
    loop_advance(f->loop, CLOCK_S);
    for (int i = 0; i < 34; i++) {
        last = sign_in(f, "bert", PASSWORD);
        if (i == 0)
            first = last;
        loop_advance(f->loop, CLOCK_S);
    }
    assert_int_equal(access_identify(f->access, anna.session, NULL).role, ROLE_ADMINISTRATOR);
    assert_int_equal(access_identify(f->access, last.session, NULL).role, ROLE_CONTROL);
    assert_int_equal(access_identify(f->access, first.session, NULL).role, ROLE_NONE);
}

static void test_slowed(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(sign_in(f, "anna", "wrong password").outcome, ACCESS_REFUSED);
    struct access_sign_in result = sign_in(f, "anna", PASSWORD);
    assert_int_equal(result.outcome, ACCESS_SLOWED);
    assert_int_equal(result.retry_s, 1);
    loop_advance(f->loop, result.retry_s * CLOCK_S);
    assert_int_equal(sign_in(f, "anna", PASSWORD).outcome, ACCESS_SIGNED_IN);
}

/* What log_write sends to the standard error while 30 sign-ins are refused. */
static void refusals_caught(struct fixture *f, char *text, size_t size)
{
    int ends[2], kept = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    for (int i = 0; i < 30; i++) {
        char source[32];
        snprintf(source, sizeof source, "10.9.%d.1", i);
        sign_in_from(f, source, i % 2 ? "bert" : "hunter2-in-the-wrong-field", "hunter2-guess",
                     NULL);
    }
    loop_advance(f->loop, 61 * CLOCK_S);
    sign_in_from(f, "10.8.0.1", "anna", "hunter2-guess", NULL);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[1]);
    ssize_t got = read(ends[0], text, size - 1);
    text[got > 0 ? got : 0] = '\0';
    close(ends[0]);
}

/* Each refusal is logged while they are few; nothing that was typed is. */
static void test_log_of_refusals(void **state)
{
    static char text[20000];
    int lines = 0;
    log_open(LOG_SINK_JOURNAL, LOG_LEVEL_INFO);
    refusals_caught(*state, text, sizeof text);
    log_open(LOG_SINK_STDERR, LOG_LEVEL_INFO);
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        lines++;
    assert_int_equal(lines, 10 + 2);
    assert_null(strstr(text, "hunter2"));
    assert_non_null(strstr(text, "<4>access: sign-in of an unknown user from 10.9.0.1 refused\n"
                                 "<4>access: sign-in of bert from 10.9.1.1 refused\n"));
    assert_non_null(strstr(text, "<4>access: 20 more refused sign-ins\n"
                                 "<4>access: sign-in of anna from 10.8.0.1 refused\n"));
}

/* Many at once: four on the pool, the rest waits, each gets its answer. */
static void test_parallel(void **state)
{
    struct fixture *f = *state;
    enum { CLIENTS = 90 };
    static struct answer answers[CLIENTS];
    memset(answers, 0, sizeof answers);
    int outcomes[6] = {0};
    for (int i = 0; i < CLIENTS; i++) {
        char source[32];
        snprintf(source, sizeof source, "10.0.%d.1", i);
        assert_non_null(access_sign_in(f->access, source, i % 2 ? "unknown" : "anna", PASSWORD,
                                       NULL, on_signed_in, &answers[i]));
        /* the user's name is not slowed here: each success uncounts itself, but not in time */
    }
    for (int i = 0; i < CLIENTS; i++)
        wait_for(f, &answers[i].came);
    for (int i = 0; i < CLIENTS; i++)
        outcomes[answers[i].result.outcome]++;
    /* 4 tries of each name, known or not, the others come too early */
    assert_int_equal(outcomes[ACCESS_SIGNED_IN], 4);
    assert_int_equal(outcomes[ACCESS_REFUSED], 4);
    assert_int_equal(outcomes[ACCESS_SLOWED], CLIENTS - 8);
}

static void test_too_many(void **state)
{
    struct fixture *f = *state;
    enum { CLIENTS = 400 };
    static struct answer answers[CLIENTS];
    memset(answers, 0, sizeof answers);
    int busy = 0, refused = 0, turned_away = 0;
    for (int i = 0; i < CLIENTS; i++) {
        char source[32], user[32];
        snprintf(source, sizeof source, "10.%d.%d.1", i / 100, i % 100);
        snprintf(user, sizeof user, "user-%d", i);
        turned_away +=
            !access_sign_in(f->access, source, user, PASSWORD, NULL, on_signed_in, &answers[i]);
    }
    assert_int_equal(turned_away, CLIENTS - 256);
    for (int i = 0; i < CLIENTS - turned_away; i++) {
        wait_for(f, &answers[i].came);
        busy += answers[i].result.outcome == ACCESS_BUSY;
        refused += answers[i].result.outcome == ACCESS_REFUSED;
    }
    assert_int_equal(refused, 68); /* four on the pool, 64 waiting */
    assert_int_equal(busy, 256 - 68);
    assert_int_equal(sign_in(f, "anna", PASSWORD).outcome, ACCESS_SIGNED_IN);
}

static void test_cancel_and_close(void **state)
{
    struct fixture *f = *state;
    struct answer cancelled = {0}, pending[8] = {{0}}, slow = {0};
    access_job_cancel(
        access_sign_in(f->access, HOME, "anna", PASSWORD, NULL, on_signed_in, &cancelled));
    assert_int_equal(sign_in(f, "anna", PASSWORD).outcome, ACCESS_SIGNED_IN);
    for (int i = 0; i < 20; i++)
        loop_poll(f->loop);
    assert_false(cancelled.came);
    /* closing while some run, some wait, and one is about to be answered */
    for (int i = 0; i < 8; i++) {
        char source[32];
        snprintf(source, sizeof source, "10.0.0.%d", i);
        access_sign_in(f->access, source, "anna", PASSWORD, "kitchen table 9", on_signed_in,
                       &pending[i]);
    }
    access_user_set(f->access, "root", PASSWORD, ROLE_VIEW, on_user_set, &slow);
    f->access = access_close(f->access);
    for (int i = 0; i < 400; i++) {
        loop_poll(f->loop);
        usleep(1000);
    }
    for (int i = 0; i < 8; i++)
        assert_false(pending[i].came);
    assert_false(slow.came);
}

/* The account changes while the pool checks its old password. */
static void test_change_under_way(void **state)
{
    struct fixture *f = *state;
    struct answer answer = {0};
    access_sign_in(f->access, HOME, "bert", PASSWORD, NULL, on_signed_in, &answer);
    assert_int_equal(access_user_remove(f->access, "bert", NULL), 0);
    wait_for(f, &answer.came);
    assert_int_equal(answer.result.outcome, ACCESS_REFUSED);
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
    assert_int_equal(access_user_remove(f->access, "bert", NULL), 0);
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
        {"dora", NULL, ROLE_VIEW, "a new user needs a password and a role"},
        {"dora", "kitchen table 9", ROLE_NONE, "a new user needs a password and a role"},
        {"dora", "short", ROLE_VIEW, "the password must have at least 10 characters"},
        {"dora", "kitchen table 9", 77, "a user's role is view, control or administrator"},
        {"anna", PASSWORD, ROLE_NONE, "the new password must differ from the old one"},
        {"anna", NULL, ROLE_CONTROL, "\"anna\" is the last administrator: make another one first"},
        {"anna", "kitchen table 9", ROLE_VIEW,
         "\"anna\" is the last administrator: make another one first"},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++) {
        struct err err = set_user(f, rows[i].name, rows[i].password, rows[i].role);
        assert_true(err.code < 0);
        if (strncmp(err.text, rows[i].sentence, strlen(rows[i].sentence)) != 0)
            fail_msg("\"%s\" instead of \"%s\"", err.text, rows[i].sentence);
    }
    struct err err = ERR_EMPTY;
    assert_int_equal(access_user_remove(f->access, "anna", &err), -EPERM);
    assert_string_equal(err.text, "\"anna\" is the last administrator: make another one first");
    assert_int_equal(access_user_remove(f->access, "dora", &err), -ENOENT);
    assert_int_equal(access_user_count(f->access), 3);
    char *text = test_read_file(f->path);
    assert_string_equal(text, stored); /* untouched by all that */
    free(text);
    assert_int_equal(set_user(f, "bert", NULL, ROLE_ADMINISTRATOR).code, 0);
    assert_int_equal(access_user_remove(f->access, "anna", &err), 0);
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
    assert_int_equal(access_user_remove(f->access, "bert", &err), -ENOENT);
    assert_memory_equal(err.text, "cannot write ", 13);
    assert_string_equal(access_user_at(f->access, 1).name, "bert");
    assert_string_equal(access_user_at(f->access, 2).name, "carl");
    assert_int_equal(set_user(f, "bert", "kitchen table 9", ROLE_VIEW).code, -ENOENT);
    assert_int_equal(set_user(f, "dora", "kitchen table 9", ROLE_VIEW).code, -ENOENT);
    assert_int_equal(access_user_count(f->access), 3);
    assert_int_equal(access_token_add(f->access, "t", ROLE_VIEW, 0, secret, id, sizeof id, &err),
                     -ENOENT);
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
    assert_int_equal(
        access_token_add(f->access, "home assistant", ROLE_CONTROL, 0, secret, id, sizeof id, NULL),
        0);
    assert_int_equal(access_token_add(f->access, "visitor", ROLE_VIEW, WALL + 3600 * CLOCK_S,
                                      expiring, expiring_id, sizeof expiring_id, NULL),
                     0);
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
    assert_int_equal(access_token_remove(f->access, id, NULL), 0);
    assert_int_equal(access_token_remove(f->access, id, NULL), -ENOENT);
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
    assert_int_equal(access_token_add(f->access, "", ROLE_VIEW, 0, secret, id, sizeof id, &err),
                     -EINVAL);
    assert_int_equal(access_token_add(f->access, name, ROLE_VIEW, 0, secret, id, sizeof id, &err),
                     -EINVAL);
    assert_int_equal(access_token_add(f->access, "a\nb", ROLE_VIEW, 0, secret, id, sizeof id, &err),
                     -EINVAL);
    assert_int_equal(access_token_add(f->access, "a", ROLE_NONE, 0, secret, id, sizeof id, &err),
                     -EINVAL);
    assert_int_equal(access_token_add(f->access, "a", ROLE_VIEW, WALL, secret, id, sizeof id, &err),
                     -EINVAL);
    assert_string_equal(err.text, "the token would have expired already");
    /* without a date, nothing that expires is made or trusted */
    assert_int_equal(
        access_token_add(f->access, "a", ROLE_VIEW, WALL + CLOCK_S, secret, id, sizeof id, &err),
        0);
    f->clock.fake_wall_known = false;
    assert_int_equal(access_identify(f->access, NULL, secret).role, ROLE_NONE);
    assert_int_equal(
        access_token_add(f->access, "b", ROLE_VIEW, WALL + CLOCK_S, secret, id, sizeof id, &err),
        -EINVAL);
    f->clock.fake_wall_known = true;
    for (int i = 1; i < LIMIT_TOKENS; i++)
        assert_int_equal(
            access_token_add(f->access, "a", ROLE_VIEW, 0, secret, id, sizeof id, &err), 0);
    assert_int_equal(access_token_add(f->access, "a", ROLE_VIEW, 0, secret, id, sizeof id, &err),
                     -ENOSPC);
    reopen(f);
    assert_int_equal(access_token_count(f->access), LIMIT_TOKENS);
}

static void test_roles(void **state)
{
    (void)state;
    assert_int_equal(access_role_find("view"), ROLE_VIEW);
    assert_int_equal(access_role_find("control"), ROLE_CONTROL);
    assert_int_equal(access_role_find("administrator"), ROLE_ADMINISTRATOR);
    assert_int_equal(access_role_find(""), ROLE_NONE);
    assert_int_equal(access_role_find("Admin"), ROLE_NONE);
    assert_string_equal(access_role_name(ROLE_CONTROL), "control");
    assert_string_equal(access_role_name(ROLE_NONE), "");
}

static void test_settings(void **state)
{
    (void)state;
    struct access_settings read = {.view = -1};
    for (size_t i = 0; i < access_settings_table.row_count; i++) {
        const struct setting_row *row = &access_settings_table.rows[i];
        assert_int_equal(setting_parse(row, row->initial, &read, NULL), 0);
    }
    assert_int_equal(read.view, ACCESS_VIEW_PASSWORD);
    assert_int_equal(read.session_idle, settings.session_idle);
    assert_int_equal(read.session_most, settings.session_most);
    assert_int_equal(setting_parse(&access_settings_table.rows[0], "open", &read, NULL), 0);
    assert_int_equal(read.view, ACCESS_VIEW_OPEN);
}

#define EMPTY(name) cmocka_unit_test_setup_teardown(name, set_up_empty, tear_down)
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EMPTY(test_first_start),
        EMPTY(test_folder_missing),
        EMPTY(test_broken_files),
        EMPTY(test_wrong_entries),
        TEST(test_outcomes),
        TEST(test_identity),
        TEST(test_sessions_end),
        TEST(test_stepping_the_wall_clock_ends_no_session),
        TEST(test_crowding),
        TEST(test_slowed),
        TEST(test_log_of_refusals),
        TEST(test_parallel),
        TEST(test_too_many),
        TEST(test_cancel_and_close),
        TEST(test_change_under_way),
        TEST(test_users),
        TEST(test_user_refusals),
        TEST(test_disk_gone),
        TEST(test_tokens),
        TEST(test_token_of_another_implementation),
        TEST(test_token_refusals),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
