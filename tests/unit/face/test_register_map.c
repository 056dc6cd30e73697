/* Places of components: the table of docs/gateway.md, written out once more. */
#include "test.h"

#include "face/register_map.h"

static void places_are_those_of_the_page(void **state)
{
    (void)state;
    static const struct {
        enum component_kind kind;
        int number, slot;
    } rows[] = {
        {COMPONENT_TOTAL, 0, 0},     {COMPONENT_PHASE, 1, 1},     {COMPONENT_PHASE, 3, 3},
        {COMPONENT_LINE, 1, 4},      {COMPONENT_LINE, 3, 6},      {COMPONENT_NEUTRAL, 0, 7},
        {COMPONENT_SUPPLY, 0, 8},    {COMPONENT_BATTERY, 0, 9},   {COMPONENT_MAINS, 0, 10},
        {COMPONENT_OUTLET, 1, 16},   {COMPONENT_OUTLET, 48, 63},  {COMPONENT_OUTLET, 49, -1},
        {COMPONENT_CIRCUIT, 1, 64},  {COMPONENT_CIRCUIT, 24, 87}, {COMPONENT_CIRCUIT, 25, -1},
        {COMPONENT_SENSOR, 16, 103}, {COMPONENT_OUTPUT, 1, 104},  {COMPONENT_INPUT, 1, 112},
        {COMPONENT_PULSE, 8, 127},   {COMPONENT_PULSE, 9, -1},    {COMPONENT_GROUP, 1, -1},
        {COMPONENT_SENSOR, 999, -1},
    };
    for (size_t i = 0; i < TEST_COUNT(rows); i++)
        assert_int_equal(register_map_slot(rows[i].kind, rows[i].number), rows[i].slot);
}

static void no_two_share_a_place(void **state)
{
    (void)state;
    bool taken[REGISTER_MAP_SLOTS] = {false};
    for (int kind = 0; kind < COMPONENT_KINDS; kind++) {
        bool numbered =
            kind != COMPONENT_TOTAL && kind != COMPONENT_NEUTRAL && kind < COMPONENT_SUPPLY;
        for (int number = numbered; number <= (numbered ? COMPONENT_NUMBER_MAX : 0); number++) {
            int slot = register_map_slot((enum component_kind)kind, number);
            if (slot < 0)
                continue;
            assert_true(slot < REGISTER_MAP_SLOTS);
            assert_false(taken[slot]);
            taken[slot] = true;
        }
    }
}

/* The catalogue's numbers are permanent; all but harmonics must have a register. */
static void every_quantity_fits(void **state)
{
    (void)state;
    size_t count;
    const struct quantity_row *list = quantity_rows(&count);
    for (size_t i = 0; i < count; i++)
        assert_true((int)list[i].number < REGISTER_MAP_QUANTITIES || (int)list[i].number >= 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_those_of_the_page),
        cmocka_unit_test(no_two_share_a_place),
        cmocka_unit_test(every_quantity_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
