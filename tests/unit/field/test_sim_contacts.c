/* Contacts of simulated boards outlive the program, killed or not; somebody else's file is left
 * alone. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "field/sim_contacts.h"

struct fixture {
    char folder[40], path[60];
    struct sim_contacts *contacts;
};

static struct sim_contacts *open_file(const struct fixture *f)
{
    struct err err = ERR_EMPTY;
    struct sim_contacts *contacts = sim_contacts_open(f->path, &err);
    if (!contacts)
        fail_msg("%s", err.text);
    return contacts;
}

static int setup(void **state)
{
    static struct fixture f;
    strcpy(f.folder, "/tmp/busbar-contacts-XXXXXX");
    assert_non_null(mkdtemp(f.folder));
    snprintf(f.path, sizeof f.path, "%s/contacts", f.folder);
    f.contacts = open_file(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    sim_contacts_free(f->contacts);
    unlink(f->path);
    return rmdir(f->folder);
}

static void tell(struct fixture *f, uint8_t board, uint8_t contact, bool on)
{
    const uint8_t order[SIM_BOARD_TELL] = {0, 0, 1, board, contact, on};
    uint8_t answer[SIM_BOARD_CONTACTS];
    assert_int_equal(sim_contacts_answer(f->contacts, order, sizeof order, answer), 0);
}

static uint8_t ask(struct fixture *f, uint8_t board, uint8_t contact)
{
    const uint8_t question[SIM_BOARD_ASK] = {0, 0, 1, board};
    uint8_t answer[SIM_BOARD_CONTACTS];
    assert_int_equal(sim_contacts_answer(f->contacts, question, sizeof question, answer),
                     SIM_BOARD_CONTACTS);
    return answer[contact];
}

/* A second reader sees what a first one that was killed had been told: nothing waits for its end.
 */
static void what_was_told_is_there_at_once(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(ask(f, 7, 0), SIM_CONTACT_NEW);
    tell(f, 7, 0, true);
    tell(f, 7, 59, false);
    tell(f, 8, 0, false);
    tell(f, 7, 1, true);
    tell(f, 7, 1, false);
    struct fixture other = *f;
    other.contacts = open_file(f);
    assert_int_equal(ask(&other, 7, 0), SIM_CONTACT_CLOSED);
    assert_int_equal(ask(&other, 7, 1), SIM_CONTACT_OPEN);
    assert_int_equal(ask(&other, 7, 2), SIM_CONTACT_NEW);
    assert_int_equal(ask(&other, 7, 59), SIM_CONTACT_OPEN);
    assert_int_equal(ask(&other, 8, 0), SIM_CONTACT_OPEN);
    assert_int_equal(ask(&other, 9, 0), SIM_CONTACT_NEW);
    sim_contacts_free(other.contacts);
}

static void nonsense_changes_nothing(void **state)
{
    struct fixture *f = *state;
    uint8_t answer[SIM_BOARD_CONTACTS] = {0};
    tell(f, 7, 3, true);
    tell(f, 7, 60, true);
    tell(f, 7, 255, true);
    assert_int_equal(sim_contacts_answer(f->contacts, answer, 0, answer), 0);
    assert_int_equal(sim_contacts_answer(f->contacts, answer, 5, answer), 0);
    for (uint8_t i = 0; i < SIM_BOARD_CONTACTS; i++)
        assert_int_equal(ask(f, 7, i), i == 3 ? SIM_CONTACT_CLOSED : SIM_CONTACT_NEW);
}

static void a_full_house_forgets_the_last(void **state)
{
    struct fixture *f = *state;
    uint8_t order[SIM_BOARD_TELL] = {1, 0, 0, 0, 0, 1}, answer[SIM_BOARD_CONTACTS];
    for (unsigned i = 0; i < 256; i++) {
        order[3] = (uint8_t)i;
        sim_contacts_answer(f->contacts, order, sizeof order, answer);
    }
    order[0] = 2;
    assert_int_equal(sim_contacts_answer(f->contacts, order, sizeof order, answer), 0);
    assert_int_equal(sim_contacts_answer(f->contacts, order, SIM_BOARD_ASK, answer), 0);
    order[0] = 1;
    assert_int_equal(sim_contacts_answer(f->contacts, order, SIM_BOARD_ASK, answer),
                     SIM_BOARD_CONTACTS);
    assert_int_equal(answer[0], SIM_CONTACT_CLOSED);
}

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void a_file_of_something_else_is_refused(void **state)
{
    struct fixture *f = *state;
    struct err err = ERR_EMPTY;
    char text[200];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    write_file(f->path, text);
    assert_null(sim_contacts_open(f->path, &err));
    assert_non_null(strstr(err.text, "is no file of contacts"));
    assert_null(sim_contacts_open(f->folder, &err)); /* a folder */
    unlink(f->path);
    assert_int_equal(symlink("/etc/passwd", f->path), 0);
    assert_null(sim_contacts_open(f->path, &err));
    unlink(f->path);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_null(sim_contacts_open(f->path, &err)); /* and does not wait for a writer */
}

/* A machine that went down while it wrote: what is not whole was never told. */
static void half_a_record_is_none(void **state)
{
    struct fixture *f = *state;
    tell(f, 7, 0, true);
    assert_int_equal(truncate(f->path, 40), 0);
    sim_contacts_free(f->contacts);
    f->contacts = open_file(f);
    assert_int_equal(ask(f, 7, 0), SIM_CONTACT_NEW);
    tell(f, 7, 0, true);
    assert_int_equal(ask(f, 7, 0), SIM_CONTACT_CLOSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_told_is_there_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(nonsense_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_house_forgets_the_last, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_of_something_else_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(half_a_record_is_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
