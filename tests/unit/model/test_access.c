/* Who may: files, signing in, sessions, guessing. */
#include "access_testing.h"

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
    assert_null(access_open(f->loop, f->saver, "/nowhere/at/all", &settings, secret, &err));
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
        assert_null(access_open(f->loop, f->saver, f->folder, &settings, secret, &err));
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
        {"\"control\"", "\"god\"",
         "users[1]: \"role\" must be view, control, installer or administrator"},
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
        assert_null(access_open(f->loop, f->saver, f->folder, &settings, secret, &err));
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
    access_user_set(f->access, "root",
                    &(struct access_wish){.password = PASSWORD, .role = ROLE_VIEW}, on_codes,
                    &slow);
    f->access = access_close(f->access);
    for (int i = 0; i < 400; i++) {
        loop_poll(f->loop);
        usleep(1000);
    }
    for (int i = 0; i < 8; i++)
        assert_false(pending[i].came);
    assert_false(slow.came);
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
        EMPTY(test_first_start),      EMPTY(test_folder_missing),
        EMPTY(test_broken_files),     EMPTY(test_wrong_entries),
        TEST(test_outcomes),          TEST(test_identity),
        TEST(test_sessions_end),      TEST(test_stepping_the_wall_clock_ends_no_session),
        TEST(test_crowding),          TEST(test_slowed),
        TEST(test_log_of_refusals),   TEST(test_parallel),
        TEST(test_too_many),          TEST(test_cancel_and_close),
        cmocka_unit_test(test_roles), cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
