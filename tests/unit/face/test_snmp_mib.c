/* The committed MIB is what the program writes. That it is a good one, smilint says in the system
 * tests. */

#include "test.h"
#include "test_folder.h"

#include "face/snmp_mib.h"

static void test_committed(void **state)
{
    struct buf text = BUF_EMPTY;
    char *committed = test_read_file(TEST_SOURCE_ROOT "/mib/BUSBAR-MIB.txt");
    (void)state;
    snmp_mib_write(&text, SNMP_ENTERPRISE);
    assert_non_null(committed);
    if (strcmp(committed, buf_text(&text)) != 0)
        fail_msg("run `busbar mib > mib/BUSBAR-MIB.txt` and look at what has changed");
    free(committed);
    buf_deinit(&text);
}

static void test_other_enterprise(void **state)
{
    struct buf text = BUF_EMPTY;
    (void)state;
    snmp_mib_write(&text, 4294967295);
    assert_non_null(strstr(buf_text(&text), "{ enterprises 4294967295 }"));
    buf_deinit(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_committed),
        cmocka_unit_test(test_other_enterprise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
