/* Outlets of the simulated board really switch: nothing flows through an open one, its counter
 * stands still, and what one can do wrong is done. */
#include "sim_testing.h"

#include "wire/sim_board.h"

static void tell(struct bench *b, int outlet, double number)
{
    char path[40];
    struct err err = ERR_EMPTY;
    struct driver_request request = {0};
    snprintf(path, sizeof path, "outlet-%d/state", outlet);
    assert_int_equal(sim_driver.encode(b->state, point(b, path), number, &request, &err), 1);
    assert_true(request.write);
    const struct driver_answer answer = {.result = DRIVER_ANSWERED,
                                         .bytes = (const uint8_t *)"",
                                         .mono = clock_mono(&b->clock),
                                         .wall = clock_wall(&b->clock)};
    assert_int_equal(sim_driver.written(b->state, point(b, path), &answer, &request, &err), 0);
}

static void an_open_outlet_draws_nothing(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-pdu-24");
    pass(b, 1);
    double other = get(b, "outlet-2/energy"), before = get(b, "outlet-13/energy");
    double phase = get(b, "phase-a/real-power"), outlet = get(b, "outlet-13/real-power");
    assert_true(outlet > 200);
    tell(b, 13, 0);
    read_round(b);
    assert_string_equal(word(b, "outlet-13/state"), "off");
    assert_near(get(b, "outlet-13/current"), 0, 0);
    assert_near(get(b, "outlet-13/real-power"), 0, 0);
    assert_near(get(b, "phase-a/real-power"), phase - outlet, 0.01 * phase);
    double stands = get(b, "outlet-13/energy");
    assert_near(stands, before, 0.001);
    pass(b, 3600);
    assert_near(get(b, "outlet-13/energy"), stands, 1e-9);
    assert_true(get(b, "outlet-2/energy") > other + 0.04); /* 61 W or more for an hour */
    /* On again it counts on from there, at the rate of its power. */
    tell(b, 13, 1);
    read_round(b);
    assert_near(get(b, "outlet-13/energy"), stands, 1e-9);
    double sum = 0;
    for (int i = 0; i < 3600; i++) {
        pass(b, 1);
        sum += get(b, "outlet-13/real-power") / 3.6e6;
    }
    assert_near(get(b, "outlet-13/energy"), stands + sum, 0.01 * sum + 0.001);
    bench_free(b);
}

static void circuits_count_what_their_outlets_count(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-pdu-24");
    pass(b, 1);
    tell(b, 1, 0);
    tell(b, 4, 0);
    pass(b, 1800);
    tell(b, 4, 1);
    pass(b, 1800);
    double energy = 0, power = 0;
    for (int i = 1; i <= 4; i++) {
        energy += get_of(b, "outlet", i, "energy");
        power += get_of(b, "outlet", i, "real-power");
    }
    assert_near(get(b, "circuit-1/energy"), energy, 0.0011 * 4);
    assert_near(get(b, "circuit-1/real-power"), power, 1);
    bench_free(b);
}

static void faults_are_what_they_say(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-pdu-24");
    pass(b, 1);
    sim_fault(b->state, 5, SIM_FAULT_IGNORES, 0);
    tell(b, 5, 0);
    pass(b, 60);
    assert_string_equal(word(b, "outlet-5/state"), "on");
    sim_fault(b->state, 5, SIM_FAULT_LATE, 3);
    tell(b, 5, 0);
    pass(b, 2);
    assert_string_equal(word(b, "outlet-5/state"), "on");
    pass(b, 2);
    assert_string_equal(word(b, "outlet-5/state"), "off");
    sim_fault(b->state, 5, SIM_FAULT_NONE, 0);
    tell(b, 5, 1);
    read_round(b);
    assert_string_equal(word(b, "outlet-5/state"), "on");
    sim_fault(b->state, 0, SIM_FAULT_POWER_LOSS, 0);
    pass(b, 1);
    for (int i = 1; i <= 24; i++)
        assert_near(get_of(b, "outlet", i, "current"), 0, 0);
    bench_free(b);
}

/* A setting of the device changes: field builds it anew and gives it its values back. */
static void what_is_off_stays_off_when_built_anew(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-pdu-24");
    pass(b, 1);
    tell(b, 7, 0);
    pass(b, 600);
    double stands = get(b, "outlet-7/energy");
    struct err err = ERR_EMPTY;
    const struct driver_settings settings = {
        .name = "x", .profile = "sim-pdu-24", .every = CLOCK_S};
    struct device *fresh =
        site_device_add(b->site, &(struct device_spec){.name = "y", .every = CLOCK_S});
    struct driver_device *state_before = b->state;
    b->state = sim_driver.open(NULL, &settings, fresh, &err);
    assert_non_null(b->state);
    site_device_adopt(fresh, b->device);
    b->rounds = 0;
    pass(b, 600);
    const struct point *off = site_point_find(b->site, "y/outlet-7/state");
    assert_true(off->value.number == 0);
    assert_near(site_point_find(b->site, "y/outlet-7/energy")->value.number, stands, 1e-9);
    assert_true(site_point_find(b->site, "y/outlet-8/state")->value.number == 1);
    sim_driver.close(state_before);
    site_device_remove(b->site, fresh);
    bench_free(b);
}

/* The line remembers how a board was left (field/sim_contacts); the board asks before its first
 * reading, and says its number with each command, so that two boards of a line are told apart. */
static void a_board_begins_as_it_was_left(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-pdu-24");
    struct driver_request asked = {0}, told = {0};
    struct err err = ERR_EMPTY;
    uint8_t contacts[SIM_BOARD_CONTACTS] = {0};
    contacts[6] = SIM_CONTACT_OPEN;    /* outlet 7, closed by itself */
    contacts[22] = SIM_CONTACT_CLOSED; /* outlet 23, open by itself */
    const struct driver_answer answer = {
        .result = DRIVER_ANSWERED, .bytes = contacts, .length = sizeof contacts};
    assert_int_equal(sim_driver.identify(b->state, NULL, &asked, &err), 1);
    assert_int_equal(asked.length, SIM_BOARD_ASK);
    assert_int_equal(sim_driver.identify(b->state, &answer, &asked, &err), 0);
    read_round(b);
    assert_string_equal(word(b, "outlet-7/state"), "off");
    assert_near(get(b, "outlet-7/current"), 0, 0);
    assert_string_equal(word(b, "outlet-8/state"), "on");
    assert_string_equal(word(b, "outlet-23/state"), "on");
    assert_true(get(b, "outlet-7/energy") > 0); /* the counter does not begin anew */
    assert_int_equal(sim_driver.encode(b->state, point(b, "outlet-7/state"), 1, &told, &err), 1);
    assert_int_equal(told.length, SIM_BOARD_TELL);
    assert_memory_equal(told.bytes, asked.bytes, SIM_BOARD_ASK);
    assert_int_equal(told.bytes[SIM_BOARD_ASK], 6);
    assert_int_equal(told.bytes[SIM_BOARD_ASK + 1], 1);
    /* Once it is running it knows better than what was kept. */
    assert_int_equal(sim_driver.identify(b->state, NULL, &asked, &err), 0);
    bench_free(b);
}

static void what_is_no_outlet_cannot_be_switched(void **state)
{
    (void)state;
    struct bench *b = bench_new("sim-pdu-24");
    struct driver_request request = {0};
    struct err err = ERR_EMPTY;
    assert_int_equal(sim_driver.encode(b->state, point(b, "phase-a/voltage"), 1, &request, &err),
                     -ENOTSUP);
    assert_int_equal(sim_driver.encode(b->state, point(b, "outlet-1/state"), 2, &request, &err),
                     -ERANGE);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_outlet_draws_nothing),
        cmocka_unit_test(circuits_count_what_their_outlets_count),
        cmocka_unit_test(faults_are_what_they_say),
        cmocka_unit_test(what_is_off_stays_off_when_built_anew),
        cmocka_unit_test(a_board_begins_as_it_was_left),
        cmocka_unit_test(what_is_no_outlet_cannot_be_switched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
