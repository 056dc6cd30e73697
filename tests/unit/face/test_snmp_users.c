/* Users in Net-SNMP's list, their keys made on the pool: against the examples of RFC 3414 A.3. */

#include "snmp_testing.h"

#include "face/snmp_library.h"
#include "face/snmp_users.h"

struct house {
    struct clock clock;
    struct loop *loop;
    struct saver *saver;
    char folder[200];
    struct snmp_state *state;
    struct snmp_users *users;
};

/* The engine of the examples. */
static const u_char engine[12] = {[11] = 2};

static int setup(void **state)
{
    struct house *house = calloc(1, sizeof *house);
    char path[240];
    house->clock = clock_fake(SNMP_WALL);
    house->loop = loop_new(&house->clock);
    house->saver = saver_new(house->loop);
    test_folder(house->folder, sizeof house->folder);
    snprintf(path, sizeof path, "%s/snmp.json", house->folder);
    test_write_file(path, "{\"engine\":\"000000000000000000000002\",\"boots\":41,\"last\":0,"
                          "\"devices\":{}}");
    house->state = snmp_state_open(house->loop, house->saver, house->folder);
    snmp_library_prepare();
    snmp_library_start(house->state);
    house->users = snmp_users_new(house->loop, house->state);
    *state = house;
    return 0;
}

static int teardown(void **state)
{
    struct house *house = *state;
    snmp_users_free(house->users);
    while (saver_busy(house->saver))
        loop_poll(house->loop);
    snmp_library_stop(); /* while a key that is not wanted any more may still be in the making */
    snmp_state_close(house->state);
    saver_free(house->saver);
    loop_poll(house->loop);
    loop_free(house->loop);
    test_folder_remove(house->folder);
    free(house);
    return 0;
}

static void configure(struct house *house, const char *yaml)
{
    struct config *config = snmp_rig_config(yaml, NULL, 0);
    snmp_users_configure(house->users, config);
    config_free(config); /* nothing of it is kept */
}

static void wait_for_keys(struct house *house)
{
    while (!snmp_users_ready(house->users))
        loop_poll(house->loop);
}

static const struct usmUser *find(const char *name)
{
    return usm_get_user(engine, sizeof engine, name);
}

#define MAPLE                                                                                      \
    "snmp_users:\n"                                                                                \
    "  five: {auth: md5, privacy: none, auth_passphrase: maplesyrup}\n"                            \
    "  one: {auth: sha-1, auth_passphrase: maplesyrup}\n"                                          \
    "  off: {access: none, auth_passphrase: maplesyrup}\n"

static void test_keys_of_the_standard(void **state)
{
    static const u_char md5[] = {0x52, 0x6f, 0x5e, 0xed, 0x9f, 0xcc, 0xe2, 0x6f,
                                 0x89, 0x64, 0xc2, 0x93, 0x07, 0x87, 0xd8, 0x2b};
    static const u_char sha1[] = {0x66, 0x95, 0xfe, 0xbc, 0x92, 0x88, 0xe3, 0x62, 0x82, 0x23,
                                  0x5f, 0xc7, 0x15, 0x1f, 0x12, 0x84, 0x97, 0xb3, 0x8f, 0x3f};
    struct house *house = *state;
    assert_int_equal(snmpv3_local_snmpEngineBoots(), 42);
    configure(house, MAPLE);
    assert_false(snmp_users_ready(house->users));
    wait_for_keys(house);
    const struct usmUser *five = find("five"), *one = find("one");
    assert_non_null(five);
    assert_non_null(one);
    assert_null(find("off"));
    assert_int_equal(five->authKeyLen, sizeof md5);
    assert_memory_equal(five->authKey, md5, sizeof md5);
    assert_int_equal(one->authKeyLen, sizeof sha1);
    assert_memory_equal(one->authKey, sha1, sizeof sha1);
    assert_int_equal(one->privKeyLen, 16); /* AES-128 takes the first octets, RFC 3826 1.2.1 */
    assert_memory_equal(one->privKey, sha1, 16);
}

/* What has not changed keeps its keys; what has loses them at once. */
static void test_changes(void **state)
{
    struct house *house = *state;
    configure(house, MAPLE);
    wait_for_keys(house);
    const struct usmUser *five = find("five");
    assert_non_null(five);
    configure(house,
              "snmp_users:\n"
              "  five: {auth: md5, privacy: none, auth_passphrase: maplesyrup, access: control}\n"
              "  one: {auth: sha-1, auth_passphrase: another phrase}\n");
    assert_ptr_equal(find("five"), five);
    assert_null(find("one"));
    wait_for_keys(house);
    assert_non_null(find("one"));
    configure(house, "site: {name: x}\n");
    assert_null(find("five"));
    assert_null(find("one"));
    assert_true(snmp_users_ready(house->users));
}

/* The agent ends, or the user is gone, while a key is being made. */
static void test_left_in_the_middle(void **state)
{
    struct house *house = *state;
    configure(house, MAPLE);
    configure(house, "site: {name: x}\n");
    assert_true(snmp_users_ready(house->users));
    configure(house, MAPLE);
}

int main(void)
{
    /* one house for all: the library is made to be started once */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_of_the_standard),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_left_in_the_middle),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
