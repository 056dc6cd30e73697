#include "test.h"

#include "base/crc32c.h"

/* RFC 3720, appendix B.4. */
static void the_examples_of_the_standard_hold(void **state)
{
    (void)state;
    uint8_t bytes[32] = {0};
    assert_int_equal(crc32c(0, bytes, 32), 0x8a9136aau);
    memset(bytes, 0xff, 32);
    assert_int_equal(crc32c(0, bytes, 32), 0x62a8ab43u);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(crc32c(0, bytes, 32), 0x46dd794eu);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(crc32c(0, bytes, 32), 0x113fdb5cu);
}

static void parts_continue(void **state)
{
    (void)state;
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283u);
    assert_int_equal(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xe3069283u);
    assert_int_equal(crc32c(0, "", 0), 0);
}

/* Long pieces may go another way than short ones. */
static void lengths_and_places_do_not_matter(void **state)
{
    (void)state;
    uint8_t bytes[80];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i + 7 * i);
    for (size_t from = 0; from < 8; from++) {
        for (size_t length = 0; from + length <= sizeof bytes; length++) {
            uint32_t one_by_one = 0;
            for (size_t i = 0; i < length; i++)
                one_by_one = crc32c(one_by_one, bytes + from + i, 1);
            assert_int_equal(crc32c(0, bytes + from, length), one_by_one);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_standard_hold),
        cmocka_unit_test(parts_continue),
        cmocka_unit_test(lengths_and_places_do_not_matter),
    };
    return cmocka_run_group_tests_name("crc32c", tests, NULL, NULL);
}
