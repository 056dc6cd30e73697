#include "field/lamps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "model/limits.h"

#define CLASS_FOLDER "/sys/class/leds"
#define BLINK_TICKS 5 /* of link while some lines are down: a second each period */
#define WORD_MAX 64   /* of a file of the LED class that we keep */

/* ---- settings -------------------------------------------------------------------------------- */

#define FIELD(lamp) (offsetof(struct lamps_settings, names) + (lamp) * sizeof(const char *))
#define LAMP_ROW(word, lamp, sentence)                                                             \
    {                                                                                              \
        .key = (word), .type = SETTING_TEXT, .offset = FIELD(lamp), .max = LIMIT_NAME,             \
        .initial = "", .right = ROLE_ADMINISTRATOR, .help = (sentence)                             \
    }

static const struct setting_row rows[] = {
    LAMP_ROW("power", LAMP_POWER,
             "LED that is lit while busbar runs, as `ls /sys/class/leds` names it."),
    LAMP_ROW("receive", LAMP_RECEIVE, "LED that flickers when something is heard on a line."),
    LAMP_ROW("transmit", LAMP_TRANSMIT, "LED that flickers when something is asked on a line."),
    LAMP_ROW("link", LAMP_LINK,
             "LED that is lit while all lines are open, blinks while some are down, and is dark "
             "when none is open."),
    {.key = "folder",
     .type = SETTING_TEXT,
     .offset = offsetof(struct lamps_settings, folder),
     .min = 1,
     .max = 200,
     .initial = CLASS_FOLDER,
     .right = ROLE_ADMINISTRATOR,
     .help = "Where the LEDs are."},
};

/* A name is one folder, not a way through others. */
static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct lamps_settings *settings = record;
    (void)config;
    for (int i = 0; i < LAMPS; i++) {
        const char *name = settings->names[i];
        if (!strchr(name, '/') && name[0] != '.')
            continue;
        *key = rows[i].key;
        return err_set(err, -EINVAL, "\"%.63s\" is no name of an LED; `ls %.100s` lists them", name,
                       settings->folder);
    }
    return 0;
}

const struct setting_table lamps_settings_table = {
    .name = "lamps",
    .label = "Lamps",
    .help = "LEDs of this machine that show what busbar does. They need the right to write them: "
            "see docs/bus-doctor.md.",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct lamps_settings),
    .check = check,
};

/* ---- one LED --------------------------------------------------------------------------------- */

struct led {
    int brightness; /* descriptor; -1: none, or not to be used */
    bool lit;
    char *name;                                               /* NULL: not set up */
    char full[WORD_MAX], before[WORD_MAX], trigger[WORD_MAX]; /* as text; "" not known */
};

struct lamps {
    struct loop *loop;
    const struct field *field;
    char *folder;
    struct led leds[LAMPS];
    struct loop_timer timer;
    unsigned tick;
    uint64_t asked, heard; /* counters at the last look */
};

static void path_of(const struct lamps *lamps, const struct led *led, const char *file, char *path,
                    size_t size)
{
    snprintf(path, size, "%s/%s/%s", lamps->folder, led->name, file);
}

/* The content of a small file without its line end; "" when it cannot be read. */
static void read_word(const struct lamps *lamps, const struct led *led, const char *file,
                      char *word, size_t size)
{
    char path[400];
    path_of(lamps, led, file, path, sizeof path);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd >= 0 ? read(fd, word, size - 1) : 0;
    if (fd >= 0)
        close(fd);
    word[got > 0 ? got : 0] = '\0';
    word[strcspn(word, "\n")] = '\0';
}

static int write_word(const struct lamps *lamps, const struct led *led, const char *file,
                      const char *word)
{
    char path[400];
    path_of(lamps, led, file, path, sizeof path);
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_TRUNC);
    if (fd < 0)
        return -errno;
    int result = write(fd, word, strlen(word)) < 0 ? -errno : 0;
    close(fd);
    return result;
}

/* The kernel lists all triggers, the one in force in brackets. */
static void read_trigger(const struct lamps *lamps, struct led *led)
{
    char all[4096];
    read_word(lamps, led, "trigger", all, sizeof all);
    const char *begin = strchr(all, '['), *end = begin ? strchr(begin, ']') : NULL;
    snprintf(led->trigger, sizeof led->trigger, "%.*s", end ? (int)(end - begin - 1) : 0,
             end ? begin + 1 : "");
}

static void give_up(struct led *led, int code)
{
    log_warning("lamps", "LED %s is not used: %s", led->name, strerror(-code));
    if (led->brightness >= 0)
        close(led->brightness);
    led->brightness = -1;
}

static void set_led(struct led *led, bool lit)
{
    if (led->brightness < 0 || led->lit == lit)
        return;
    const char *text = lit ? led->full : "0";
    led->lit = lit;
    if (pwrite(led->brightness, text, strlen(text), 0) < 0 && errno != EAGAIN)
        give_up(led, -errno);
}

static void take_led(struct lamps *lamps, struct led *led, const char *name)
{
    char path[400];
    led->name = mem_text(name);
    path_of(lamps, led, "brightness", path, sizeof path);
    led->brightness = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
    if (led->brightness < 0) {
        give_up(led, -errno);
        return;
    }
    read_trigger(lamps, led);
    read_word(lamps, led, "brightness", led->before, sizeof led->before);
    read_word(lamps, led, "max_brightness", led->full, sizeof led->full);
    if (!*led->full)
        snprintf(led->full, sizeof led->full, "1");
    if (*led->trigger)
        write_word(lamps, led, "trigger", "none");
    led->lit = true; /* whatever it was: it is written now */
    set_led(led, false);
}

/* As it was: a trigger brings its own brightness. */
static void give_back(struct lamps *lamps, struct led *led)
{
    if (led->brightness >= 0) {
        if (*led->before && write_word(lamps, led, "brightness", led->before) < 0)
            log_warning("lamps", "LED %s could not be given back", led->name);
        if (*led->trigger && strcmp(led->trigger, "none") != 0)
            write_word(lamps, led, "trigger", led->trigger);
        close(led->brightness);
    }
    free(led->name);
    *led = (struct led){.brightness = -1};
}

/* ---- what they show -------------------------------------------------------------------------- */

struct look {
    uint64_t asked, heard;
    unsigned used, open;
};

static void look_at(void *user, const struct field_line *line)
{
    struct look *look = user;
    const uint64_t *counts = line->statistics->counts;
    look->asked += counts[STATISTICS_POLLS];
    look->heard += counts[STATISTICS_ANSWERS] + counts[STATISTICS_CRC_ERRORS] +
                   counts[STATISTICS_MISMATCHES] + counts[STATISTICS_LATE] +
                   counts[STATISTICS_NOISE];
    look->used += strcmp(line->state, "closed") != 0;
    look->open += strcmp(line->state, "open") == 0;
}

/* Under steady traffic a lamp flickers at half the rate of the looks. */
static void flicker(struct led *led, bool moved)
{
    set_led(led, moved && !led->lit);
}

static void on_tick(struct loop_timer *timer, void *user)
{
    struct lamps *lamps = user;
    struct look look = {0};
    (void)timer;
    field_lines_each(lamps->field, look_at, &look);
    bool blink = lamps->tick++ / BLINK_TICKS % 2 == 0;
    set_led(&lamps->leds[LAMP_POWER], true);
    flicker(&lamps->leds[LAMP_RECEIVE], look.heard != lamps->heard);
    flicker(&lamps->leds[LAMP_TRANSMIT], look.asked != lamps->asked);
    set_led(&lamps->leds[LAMP_LINK], look.open && (look.open == look.used || blink));
    lamps->asked = look.asked;
    lamps->heard = look.heard;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void give_all_back(struct lamps *lamps)
{
    for (int i = 0; i < LAMPS; i++)
        give_back(lamps, &lamps->leds[i]);
    loop_timer_stop(&lamps->timer);
    free(lamps->folder);
    lamps->folder = NULL;
}

static void take_all(struct lamps *lamps, const struct lamps_settings *settings)
{
    bool any = false;
    lamps->folder = mem_text(settings->folder);
    for (int i = 0; i < LAMPS; i++) {
        if (!*settings->names[i])
            continue;
        take_led(lamps, &lamps->leds[i], settings->names[i]);
        any = true;
    }
    if (any)
        loop_timer_every(lamps->loop, &lamps->timer, 0, LAMPS_EVERY, on_tick, lamps);
}

struct lamps *lamps_new(struct loop *loop, const struct field *field,
                        const struct lamps_settings *settings)
{
    struct lamps *lamps = mem_new(sizeof *lamps);
    lamps->loop = loop;
    lamps->field = field;
    for (int i = 0; i < LAMPS; i++)
        lamps->leds[i].brightness = -1;
    take_all(lamps, settings);
    return lamps;
}

struct lamps *lamps_free(struct lamps *lamps)
{
    if (!lamps)
        return NULL;
    give_all_back(lamps);
    free(lamps);
    return NULL;
}

static bool is_same(const struct lamps *lamps, const struct lamps_settings *settings)
{
    bool same = strcmp(lamps->folder, settings->folder) == 0;
    for (int i = 0; i < LAMPS; i++) {
        const char *name = lamps->leds[i].name;
        same &= strcmp(name ? name : "", settings->names[i]) == 0;
    }
    return same;
}

void lamps_configure(struct lamps *lamps, const struct lamps_settings *settings)
{
    if (is_same(lamps, settings))
        return;
    give_all_back(lamps);
    take_all(lamps, settings);
}
