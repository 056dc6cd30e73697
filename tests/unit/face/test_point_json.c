#include "face_testing.h"

#include <jansson.h>

#include "face/point_json.h"

static json_t *render(struct test_site *t, struct point_json *cache, const struct point *point,
                      enum time_form form)
{
    struct buf out = BUF_EMPTY;
    json_error_t error;
    point_json_add(cache, &out, point, form, loop_now(t->loop));
    json_t *object = json_loadb(out.data, out.length, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        fail_msg("%s: %.*s", error.text, (int)out.length, out.data);
    buf_deinit(&out);
    return object;
}

static void check_text(json_t *object, const char *key, const char *wanted)
{
    json_t *value = json_object_get(object, key);
    assert_non_null(value);
    if (wanted)
        assert_string_equal(json_string_value(value), wanted);
    else
        assert_true(json_is_null(value));
}

static void test_absent(void **state)
{
    struct test_site *t = *state;
    struct point_json *cache = point_json_new(t->site);
    json_t *object = render(t, cache, t->voltage, TIME_FORM_UTC);
    assert_int_equal(json_object_size(object), 8);
    check_text(object, "path", "m-1/phase-a/voltage");
    check_text(object, "quantity", "voltage");
    check_text(object, "unit", "V");
    check_text(object, "value", NULL);
    check_text(object, "time", NULL);
    check_text(object, "age_ms", NULL);
    check_text(object, "quality", "absent");
    check_text(object, "reason", "Voltage has not been read yet.");
    json_decref(object);
    point_json_free(cache);
}

static void test_ages(void **state)
{
    struct test_site *t = *state;
    struct point_json *cache = point_json_new(t->site);
    test_put(t, t->voltage, 231.449);
    for (int ms = 0; ms < 3000; ms += 312) {
        json_t *object = render(t, cache, t->voltage, TIME_FORM_UTC);
        assert_true(json_number_value(json_object_get(object, "value")) == 231.4);
        assert_int_equal(json_integer_value(json_object_get(object, "age_ms")), ms);
        check_text(object, "time", "2026-09-21T14:13:20.000Z");
        check_text(object, "quality", "good");
        check_text(object, "reason", NULL);
        json_decref(object);
        loop_advance(t->loop, 312 * CLOCK_MS);
    }
    json_t *object = render(t, cache, t->voltage, TIME_FORM_UNIX);
    assert_int_equal(json_integer_value(json_object_get(object, "time")), 1790000000000);
    json_decref(object);
    point_json_free(cache);
}

/* Whatever changes in a value must show at once, although most of the object is kept. */
static void test_kept_is_fresh(void **state)
{
    struct test_site *t = *state;
    struct point_json *cache = point_json_new(t->site);
    test_put(t, t->voltage, 1);
    json_decref(render(t, cache, t->voltage, TIME_FORM_UTC));
    loop_advance(t->loop, CLOCK_S);
    test_put(t, t->voltage, 1); /* the same number, read anew */
    json_t *object = render(t, cache, t->voltage, TIME_FORM_UTC);
    check_text(object, "time", "2026-09-21T14:13:21.000Z");
    assert_int_equal(json_integer_value(json_object_get(object, "age_ms")), 0);
    json_decref(object);
    point_mark(t->voltage, QUALITY_STALE, REASON_SILENT);
    object = render(t, cache, t->voltage, TIME_FORM_UTC);
    check_text(object, "quality", "stale");
    assert_true(json_number_value(json_object_get(object, "value")) == 1.0);
    check_text(object, "reason", "Voltage is old: the device does not answer.");
    json_decref(object);
    point_mark(t->voltage, QUALITY_BAD, REASON_MALFORMED);
    object = render(t, cache, t->voltage, TIME_FORM_UTC);
    check_text(object, "quality", "bad");
    check_text(object, "value", NULL); /* a number that must not be used is not shown */
    json_decref(object);
    point_json_free(cache);
}

/* The slot of a removed point is used again: nothing of the old one may show. */
static void test_slot_reused(void **state)
{
    struct test_site *t = *state;
    struct point_json *cache = point_json_new(t->site);
    test_put(t, t->other, 5);
    json_decref(render(t, cache, t->other, TIME_FORM_UTC));
    uint32_t slot = point_slot(t->other->id);
    site_device_remove(t->site, site_device_find(t->site, "m-2"));
    struct point *fresh = test_point(t->site, "m-3", COMPONENT_PHASE, 2, QUANTITY_CURRENT);
    json_t *object = render(t, cache, fresh, TIME_FORM_UTC);
    check_text(object, "path", "m-3/phase-b/current");
    check_text(object, "value", NULL);
    printf("# slot %u then %u\n", slot, point_slot(fresh->id));
    json_decref(object);
    point_json_free(cache);
}

static void test_words(void **state)
{
    struct test_site *t = *state;
    static const struct word on_off[] = {{0, "off"}, {1, "on"}},
                             faults[] = {{0, "over \"voltage\""}, {3, "fuse"}};
    static const struct words plain = {on_off, 2, false}, flags = {faults, 2, true};
    struct point_json *cache = point_json_new(t->site);
    t->state->words = &plain;
    test_put(t, t->state, 1);
    json_t *object = render(t, cache, t->state, TIME_FORM_UTC);
    check_text(object, "text", "on");
    assert_int_equal(json_integer_value(json_object_get(object, "value")), 1);
    json_decref(object);
    t->state->words = &flags;
    loop_advance(t->loop, CLOCK_S);
    test_put(t, t->state, 9);
    object = render(t, cache, t->state, TIME_FORM_UTC);
    check_text(object, "text", "over \"voltage\", fuse");
    json_decref(object);
    loop_advance(t->loop, CLOCK_S);
    test_put(t, t->state, 2); /* no word for this bit */
    object = render(t, cache, t->state, TIME_FORM_UTC);
    assert_null(json_object_get(object, "text"));
    json_decref(object);
    point_json_free(cache);
}

static void test_clock_unknown(void **state)
{
    struct test_site *t = *state;
    struct point_json *cache = point_json_new(t->site);
    t->clock.fake_wall_known = false;
    test_put(t, t->voltage, 230);
    t->voltage->value.wall_known = false;
    json_t *object = render(t, cache, t->voltage, TIME_FORM_UTC);
    check_text(object, "time", NULL);
    assert_int_equal(json_integer_value(json_object_get(object, "age_ms")), 0);
    json_decref(object);
    point_json_free(cache);
}

int main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, test_site_setup, test_site_teardown)
    const struct CMUnitTest tests[] = {ROW(test_absent),        ROW(test_ages),
                                       ROW(test_kept_is_fresh), ROW(test_slot_reused),
                                       ROW(test_words),         ROW(test_clock_unknown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
