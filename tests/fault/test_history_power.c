/* Power that fails: what a history writes and syncs is recorded through the VFS, then every state
 * that the disk may legally have at a moment is built and opened: what was synced is there; of what
 * was written since, each piece of 512 bytes may have arrived or not, in any order. Nothing that
 * was acknowledged is lost, nothing is there twice, no value is wrong, and the file is never taken
 * for damaged. Usage: fault_history_power [states] */
#include "test.h"
#include "test_folder.h"

#include <math.h>
#include <unistd.h>

#include "disk_vfs.h"
#include "engine/history_block.h"
#include "history_testing.h"

/* Six hours apart: 40 days, so that days are folded and a period is joined. */
enum { TICKS = 164, SERIES = 3, SECTOR = 512, SIZE_MOST = 2 << 20, IMPORTED = 40 };
#define STEP (6 * 3600 * CLOCK_S)

static int states = 3000;
static char folder[200], other[240];
static size_t acknowledged_at[TICKS]; /* events when the tick was acknowledged */
static size_t imported_at;

struct image {
    uint8_t *bytes;
    size_t length;
};

/* ---- recording ------------------------------------------------------------------------------- */

static int64_t value_of(int tick, int series)
{
    uint64_t seed = (uint64_t)(tick * 8 + series);
    return (int64_t)(test_random(&seed) % 100000);
}

static void import_some(struct history_store *store)
{
    struct history_sample samples[IMPORTED];
    uint64_t known;
    for (int i = 0; i < IMPORTED; i++)
        samples[i] = (struct history_sample){.time = (TESTING_T0 + i * STEP) / CLOCK_MS + 60000,
                                             .value = value_of(i, 7),
                                             .quality = QUALITY_GOOD};
    assert_int_equal(history_store_import(store, &testing_series[6], samples, IMPORTED,
                                          TESTING_T0 + TICKS * STEP, &known, NULL),
                     0);
    disk_vfs_events(&imported_at);
}

static void record_life(void)
{
    struct history_store *store = history_store_open(folder, "boot-1", NULL);
    assert_non_null(store);
    /* the file and its log are there and synced before the story begins */
    struct history_reading before = {1, QUALITY_GOOD, 1};
    assert_int_equal(testing_write(store, TESTING_T0 - STEP, CLOCK_S, true, &before, 1, NULL), 0);
    char command[800];
    snprintf(command, sizeof command, "mkdir '%s'; cp '%s'/history.db* '%s'", other, folder, other);
    assert_int_equal(system(command), 0);
    disk_vfs_record(true);
    for (int i = 0; i < TICKS; i++) {
        struct history_reading readings[SERIES];
        for (int s = 0; s < SERIES; s++)
            readings[s] = (struct history_reading){(uint32_t)s + 1, QUALITY_GOOD, value_of(i, s)};
        assert_int_equal(testing_write(store, TESTING_T0 + i * STEP, (i + 1) * STEP, true, readings,
                                       SERIES, NULL),
                         0);
        disk_vfs_events(&acknowledged_at[i]);
        testing_tidy(store, NULL);
        if (i == TICKS - 20)
            import_some(store);
    }
    disk_vfs_record(false);
    history_store_close(store);
}

/* ---- the disk as it may be ------------------------------------------------------------------- */

static void apply(struct image *image, const struct disk_event *event, size_t from, size_t length)
{
    if (event->what == DISK_TRUNCATE) {
        if ((size_t)event->offset < image->length)
            memset(image->bytes + event->offset, 0, image->length - (size_t)event->offset);
        image->length = (size_t)event->offset;
        return;
    }
    size_t end = (size_t)event->offset + from + length;
    if (end > SIZE_MOST)
        fail_msg("a write to %zu of file %d", end, event->file);
    memcpy(image->bytes + event->offset + from, event->bytes + from, length);
    if (end > image->length)
        image->length = end;
}

/* Some sectors of a write, counted by where they lie on the disk. */
static void apply_torn(struct image *image, const struct disk_event *event, uint64_t *seed)
{
    for (size_t at = 0; at < event->length;) {
        size_t length = SECTOR - ((size_t)event->offset + at) % SECTOR;
        if (length > event->length - at)
            length = event->length - at;
        if (test_random(seed) % 2)
            apply(image, event, at, length);
        at += length;
    }
}

enum way { NONE, ALL, SOME, TORN, REORDERED, WAYS };

/* What was written to the file since its last sync, in one of the ways. */
static void apply_pending(struct image *image, const struct disk_event *const *pending,
                          size_t count, enum way way, uint64_t *seed)
{
    for (size_t i = 0; i < count && way != NONE; i++) {
        const struct disk_event *event = pending[i];
        if (way == REORDERED)
            event = pending[test_random(seed) % count];
        bool cut = event->what == DISK_TRUNCATE;
        if ((way == SOME || (way == TORN && cut)) && test_random(seed) % 2)
            continue;
        if (way == TORN && !cut)
            apply_torn(image, event, seed);
        else
            apply(image, event, 0, event->length);
    }
}

static void write_image(const char *name, const struct image *image)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", other, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(image->bytes, 1, image->length, file), image->length);
    fclose(file);
}

/* ---- looking --------------------------------------------------------------------------------- */

static void check_series(const struct history_series *series, int which, size_t event)
{
    static const double scales[] = {10, 1000, 1000};
    bool seen[TICKS] = {false};
    for (size_t i = 0; i < series->count; i++) {
        const struct history_bucket *bucket = &series->buckets[i];
        if (bucket->time < TESTING_T0)
            continue; /* the one before the story */
        int64_t tick = (bucket->time - TESTING_T0) / STEP;
        assert_in_range(tick, 0, TICKS - 1);
        assert_int_equal(bucket->time, TESTING_T0 + tick * STEP);
        assert_int_equal(llround(bucket->last * scales[which]), value_of((int)tick, which));
        assert_false(seen[tick]);
        seen[tick] = true;
    }
    for (int tick = 0; tick < TICKS; tick++) {
        if (acknowledged_at[tick] <= event && !seen[tick])
            fail_msg("event %zu: tick %d of series %d was acknowledged and is gone", event, tick,
                     which);
        /* one tick may be under way */
        if (tick > 0 && acknowledged_at[tick - 1] > event && seen[tick])
            fail_msg("event %zu: tick %d of series %d was not written yet", event, tick, which);
    }
}

static void check_state(size_t event)
{
    static const char *const paths[] = {"m/total/voltage", "m/total/current", "m/total/energy",
                                        "m/phase-a/voltage"};
    struct err err = ERR_EMPTY;
    struct history_store *store = history_store_open(other, "boot-1", &err);
    if (!store)
        fail_msg("event %zu: %s", event, err.text);
    if (*history_store_facts(store).notice)
        fail_msg("event %zu: %s", event, history_store_facts(store).notice);
    struct history_answer *answer =
        testing_ask(other, paths, SERIES + 1, 0, INT64_MAX / 2, 0, &err);
    if (!answer)
        fail_msg("event %zu: %s", event, err.text);
    for (int s = 0; s < SERIES; s++)
        check_series(&answer->series[s], s, event);
    size_t imported = answer->series[SERIES].count;
    assert_true(imported == IMPORTED || (imported == 0 && event < imported_at));
    history_answer_free(answer);
    history_store_close(store);
}

/* ---- all moments ----------------------------------------------------------------------------- */

struct disk {
    struct image durable[2], now;
    const struct disk_event **pending[2];
    size_t count[2];
};

static void read_begin(struct image *image, const char *suffix)
{
    char path[300];
    snprintf(path, sizeof path, "%s/history.db%s", other, suffix);
    image->bytes = calloc(1, SIZE_MOST);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    image->length = fread(image->bytes, 1, SIZE_MOST, file);
    fclose(file);
}

static void build(struct disk *disk, enum way way, uint64_t *seed)
{
    char path[300];
    for (int file = 0; file < 2; file++) {
        const struct image *durable = &disk->durable[file];
        memcpy(disk->now.bytes, durable->bytes, SIZE_MOST);
        disk->now.length = durable->length;
        apply_pending(&disk->now, disk->pending[file], disk->count[file], way, seed);
        write_image(file ? "history.db-wal" : "history.db", &disk->now);
    }
    snprintf(path, sizeof path, "%s/history.db-shm", other);
    unlink(path);
}

static void take_event(struct disk *disk, const struct disk_event *event)
{
    if (event->file == DISK_OTHER)
        return;
    int file = event->file == DISK_LOG;
    if (event->what != DISK_SYNC) {
        disk->pending[file][disk->count[file]++] = event;
        return;
    }
    for (size_t i = 0; i < disk->count[file]; i++)
        apply(&disk->durable[file], disk->pending[file][i], 0, disk->pending[file][i]->length);
    disk->count[file] = 0;
}

static void nothing_acknowledged_is_lost(void **state)
{
    (void)state;
    uint64_t seed = test_seed();
    record_life();
    size_t count, built = 0;
    const struct disk_event *events = disk_vfs_events(&count);
    struct disk disk = {.now.bytes = calloc(1, SIZE_MOST)};
    read_begin(&disk.durable[0], "");
    read_begin(&disk.durable[1], "-wal");
    for (int file = 0; file < 2; file++)
        disk.pending[file] = calloc(count, sizeof *disk.pending[file]);
    for (size_t i = 0; i < count; i++) {
        take_event(&disk, &events[i]);
        /* as many as were wanted, spread over all moments */
        size_t due = (size_t)((double)(i + 1) / (double)count * states);
        for (; built < due; built++) {
            build(&disk, (enum way)(test_random(&seed) % WAYS), &seed);
            check_state(i + 1);
        }
    }
    printf("# %zu events, %zu states\n", count, built);
    assert_true(count > 1000 && built == (size_t)states);
    for (int file = 0; file < 2; file++) {
        free(disk.pending[file]);
        free(disk.durable[file].bytes);
    }
    free(disk.now.bytes);
}

static int set_up(void **state)
{
    (void)state;
    /* the disk is played here: memory will do for it */
    test_folder_in_memory(folder, sizeof folder);
    snprintf(other, sizeof other, "%s/other", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    disk_vfs_forget();
    test_folder_remove(folder);
    return 0;
}

int main(int count, char **arguments)
{
    if (count > 1)
        states = atoi(arguments[1]);
    disk_vfs_install();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_acknowledged_is_lost, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("history_power", tests, NULL, NULL);
}
