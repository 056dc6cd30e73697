#include "engine/tariff.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/outlet_groups.h"
#include "engine/schedule_rule.h"
#include "engine/schedule_time.h"

#define PRICE_MOST                                                                                 \
    1e6 /* of a currency a unit: with a year's use of a town still within 64 bits                  \
         */

const char *const energy_medium_names[] = {"electricity", "water", "gas", "heat", NULL};
static const char *const per_names[] = {"day", "month", "year", NULL};

#define FIELD(name) .offset = offsetof(struct tariff_settings, name)

static const struct setting_row rows[] = {
    {.key = "label",
     .type = SETTING_TEXT,
     FIELD(label),
     .max = 64,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What the tariff is called; empty is its name."},
    {.key = "medium",
     .type = SETTING_CHOICE,
     FIELD(medium),
     .choices = energy_medium_names,
     .initial = "electricity",
     .right = ROLE_ADMINISTRATOR,
     .help = "What is paid for: electricity and heat by the kWh, water and gas by the m³."},
    {.key = "meters",
     .type = SETTING_TEXT,
     FIELD(meters),
     .max = 4000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Meters that it is for, with a comma between, * for any letters, as in meter-1, "
             "flat-*; empty: all of the medium that no other tariff names."},
    {.key = "from",
     .type = SETTING_TEXT,
     FIELD(from),
     .max = 10,
     .initial = "1970-01-01",
     .right = ROLE_ADMINISTRATOR,
     .help = "First day on which it holds, as in 2026-01-31, until one of a later date for the "
             "same meters."},
    {.key = "currency",
     .type = SETTING_TEXT,
     FIELD(currency),
     .min = 1,
     .max = 8,
     .initial = "EUR",
     .right = ROLE_ADMINISTRATOR,
     .help = "Letters of the currency."},
    {.key = "price",
     .type = SETTING_NUMBER,
     FIELD(price),
     .min = -PRICE_MOST,
     .max = PRICE_MOST,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "Of one kWh or m³ outside all windows; six decimals count."},
    {.key = "windows",
     .type = SETTING_TEXT,
     FIELD(windows),
     .max = 2000,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Other prices by day and local time, the first that holds counts, as in mon-fri "
             "22:00-06:00 0.21, sat sun 00:00-24:00 0.19."},
    {.key = "standing",
     .type = SETTING_NUMBER,
     FIELD(standing),
     .min = 0,
     .max = PRICE_MOST,
     .initial = "0",
     .right = ROLE_ADMINISTRATOR,
     .help = "Standing charge of the contract, whatever is used."},
    {.key = "standing_per",
     .type = SETTING_CHOICE,
     FIELD(standing_per),
     .choices = per_names,
     .initial = "month",
     .right = ROLE_ADMINISTRATOR,
     .help = "How long that is for: day, month or year; each day bears its share."},
    {.key = "co2",
     .type = SETTING_NUMBER,
     FIELD(co2),
     .unit = "kg",
     .min = 0,
     .max = PRICE_MOST,
     .initial = "0",
     .right = ROLE_ADMINISTRATOR,
     .help = "CO₂ of one kWh or m³; 0 is not known."},
};

/* ---- reading a record ------------------------------------------------------------------------ */

static int64_t to_micro(double amount)
{
    return llround(amount * TARIFF_MICRO);
}

/* "2026-01-31" -> days since 1970; negative when it is no date. */
static int64_t parse_date(const char *text)
{
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%d", &parts);
    if (strlen(text) != 10 || !end || *end)
        return -1;
    int day = parts.tm_mday, month = parts.tm_mon;
    int64_t second = timegm(&parts);
    /* 2026-02-30 becomes a day of March */
    return parts.tm_mday == day && parts.tm_mon == month ? second / SCHEDULE_DAY_S : -1;
}

/* "22:00-06:00"; false when it is none. */
static bool parse_hours(const char *word, size_t length, struct tariff_window *window)
{
    char text[24];
    if (length >= sizeof text)
        return false;
    memcpy(text, word, length);
    text[length] = '\0';
    char *dash = strchr(text, '-');
    if (!dash)
        return false;
    *dash = '\0';
    return schedule_parse_time(text, &window->from) == 0 &&
           schedule_parse_time(dash + 1, &window->to) == 0 && window->from < SCHEDULE_DAY_S &&
           window->from != window->to && window->from % 60 == 0 && window->to % 60 == 0;
}

static bool parse_price(const char *word, size_t length, int64_t *price)
{
    char text[32], *end;
    if (length == 0 || length >= sizeof text)
        return false;
    memcpy(text, word, length);
    text[length] = '\0';
    double number = strtod(text, &end);
    *price = to_micro(number);
    return !*end && isfinite(number) && fabs(number) <= PRICE_MOST;
}

/* "mon-fri 22:00-06:00 0.21": the last word is the price, the one before it the hours, what stands
 * in front of them days. */
static int parse_window(const char *text, size_t length, struct tariff_window *window,
                        struct err *err)
{
    const char *price = text + length, *hours;
    while (price > text && price[-1] != ' ')
        price--;
    hours = price;
    while (hours > text && hours[-1] == ' ')
        hours--;
    const char *hours_end = hours;
    while (hours > text && hours[-1] != ' ')
        hours--;
    char days[80] = "daily";
    size_t days_length = (size_t)(hours - text);
    bool good = days_length < sizeof days &&
                parse_price(price, (size_t)(text + length - price), &window->price) &&
                parse_hours(hours, (size_t)(hours_end - hours), window);
    if (!good)
        return err_set(err, -EINVAL,
                       "\"%.*s\" is no window: write days, hours in whole minutes and a price, as "
                       "in mon-fri 22:00-06:00 0.21, with commas between them",
                       (int)(length < 60 ? length : 60), text);
    if (days_length) {
        memcpy(days, text, days_length);
        days[days_length] = '\0';
    }
    return schedule_parse_days(days, &window->days, err);
}

static int parse_windows(struct tariff *tariff, const char *text, struct err *err)
{
    for (const char *at = text + strspn(text, ",; "); *at; at += strspn(at, ",; ")) {
        size_t length = strcspn(at, ",;"), whole = length;
        while (length > 0 && at[length - 1] == ' ')
            length--;
        if (tariff->window_count == TARIFF_WINDOWS_MOST)
            return err_set(err, -E2BIG, "are more than %d", TARIFF_WINDOWS_MOST);
        struct tariff_window *window = &tariff->windows[tariff->window_count++];
        if (parse_window(at, length, window, err) < 0)
            return err->code;
        at += whole;
    }
    return 0;
}

/* Texts are borrowed from `settings`. 0, or -EINVAL with a sentence and in `*key` the key that it
 * is about. */
static int parse(struct tariff *tariff, const char *name, const struct tariff_settings *settings,
                 const char **key, struct err *err)
{
    *tariff = (struct tariff){
        .name = name,
        .currency = settings->currency,
        .meters = settings->meters,
        .medium = (enum energy_medium)settings->medium,
        .from_day = parse_date(settings->from),
        .price = to_micro(settings->price),
        .standing = to_micro(settings->standing),
        .co2 = to_micro(settings->co2),
        .per = (enum tariff_per)settings->standing_per,
    };
    *key = "from";
    if (tariff->from_day < 0)
        return err_set(err, -EINVAL, "must be a date from 1970 on, as in 2026-01-31, not \"%s\"",
                       settings->from);
    *key = "windows";
    return parse_windows(tariff, settings->windows, err);
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct tariff_settings *settings = record, *first;
    struct tariff tariff;
    *key = NULL;
    if (config_count(config, &tariff_settings_table) > TARIFFS_MOST)
        return err_set(err, -E2BIG, "there are more than %d tariffs", TARIFFS_MOST);
    *key = "currency"; /* amounts are added up */
    first = config_at(config, &tariff_settings_table, 0);
    if (strcmp(first->currency, settings->currency) != 0)
        return err_set(err, -EINVAL, "must be the same for all tariffs: another one has %s",
                       first->currency);
    return parse(&tariff, "", record, key, err);
}

const struct setting_table tariff_settings_table = {
    .name = "tariffs",
    .label = "Tariffs",
    .help = "What energy, water and gas cost, from which day on and at which hours, and what CO₂ "
            "they stand for.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct tariff_settings),
    .check = check,
};

struct tariff_book tariff_book_read(struct arena *arena, const struct config *config)
{
    size_t count = config_count(config, &tariff_settings_table);
    struct tariff_book book = {.count = count < TARIFFS_MOST ? count : TARIFFS_MOST};
    book.list = arena_take(arena, (book.count + 1) * sizeof *book.list);
    for (size_t i = 0; i < book.count; i++) {
        struct tariff *tariff = &book.list[i];
        const char *key;
        struct err err = ERR_EMPTY;
        parse(tariff, arena_text(arena, config_name_at(config, &tariff_settings_table, i)),
              config_at(config, &tariff_settings_table, i), &key, &err);
        tariff->currency = arena_text(arena, tariff->currency);
        tariff->meters = arena_text(arena, tariff->meters);
    }
    return book;
}

/* ---- which one holds ------------------------------------------------------------------------- */

struct tariff_plan tariff_plan_of(const struct tariff_book *book, enum energy_medium medium,
                                  const char *meter)
{
    struct tariff_plan plan = {0};
    for (size_t i = 0; i < book->count; i++) {
        const struct tariff *tariff = &book->list[i];
        if (tariff->medium != medium)
            continue;
        if (!*tariff->meters)
            plan.general |= (uint64_t)1 << i;
        else if (outlet_list_matches(tariff->meters, meter))
            plan.named |= (uint64_t)1 << i;
    }
    return plan;
}

static const struct tariff *newest_of(const struct tariff_book *book, uint64_t mask, int64_t day)
{
    const struct tariff *best = NULL;
    for (size_t i = 0; i < book->count; i++) {
        const struct tariff *tariff = &book->list[i];
        if (mask >> i & 1 && tariff->from_day <= day &&
            (!best || tariff->from_day > best->from_day))
            best = tariff;
    }
    return best;
}

const struct tariff *tariff_on(const struct tariff_book *book, struct tariff_plan plan, int64_t day)
{
    const struct tariff *named = newest_of(book, plan.named, day);
    return named ? named : newest_of(book, plan.general, day);
}

/* ---- prices through a day -------------------------------------------------------------------- */

/* One window as it lies around a day: of the day itself and of the one before. */
struct span {
    clock_us begin, end;
    int64_t price;
};

#define SPANS_MOST (2 * TARIFF_WINDOWS_MOST)

static size_t spans_of(const struct tariff *tariff, int64_t day, struct span *spans)
{
    size_t count = 0;
    for (size_t i = 0; i < tariff->window_count; i++) {
        const struct tariff_window *window = &tariff->windows[i];
        bool over_midnight = window->to <= window->from;
        for (int64_t on = over_midnight ? day - 1 : day; on <= day; on++) {
            if (window->days >> schedule_time_weekday(on) & 1)
                spans[count++] = (struct span){
                    .begin = schedule_time_moment(on, window->from),
                    .end = schedule_time_moment(on + over_midnight, window->to),
                    .price = window->price,
                };
        }
    }
    return count;
}

static void append(struct tariff_segments *segments, const struct tariff_segment *segment)
{
    struct tariff_segment *last = segments->count ? &segments->list[segments->count - 1] : NULL;
    if (last && last->tariff == segment->tariff && last->price == segment->price) {
        last->end = segment->end;
        return;
    }
    segments->list =
        mem_grow(segments->list, segments->count, &segments->capacity, sizeof *segments->list);
    segments->list[segments->count++] = *segment;
}

static void append_day(struct tariff_segments *segments, const struct tariff *tariff, int64_t day)
{
    struct span spans[SPANS_MOST];
    clock_us at = schedule_time_moment(day, 0), end = schedule_time_moment(day, SCHEDULE_DAY_S);
    size_t count = tariff ? spans_of(tariff, day, spans) : 0;
    while (at < end) {
        struct tariff_segment segment = {.begin = at, .end = end, .tariff = tariff};
        segment.price = tariff ? tariff->price : 0;
        segment.co2 = tariff ? tariff->co2 : 0;
        bool found = false;
        for (size_t i = 0; i < count; i++) {
            bool holds = spans[i].begin <= at && at < spans[i].end;
            if (holds && !found) {
                segment.price = spans[i].price;
                found = true;
            }
            clock_us border = holds ? spans[i].end : spans[i].begin;
            if (border > at && border < segment.end)
                segment.end = border;
        }
        append(segments, &segment);
        at = segment.end;
    }
}

struct tariff_segments tariff_segments_of(const struct tariff_book *book, struct tariff_plan plan,
                                          clock_us from, clock_us to)
{
    struct tariff_segments segments = {0};
    if (to <= from)
        return segments;
    for (int64_t day = schedule_time_day(from), last = schedule_time_day(to - 1); day <= last;
         day++)
        append_day(&segments, tariff_on(book, plan, day), day);
    return segments;
}

size_t tariff_segment_find(const struct tariff_segments *segments, clock_us time, size_t hint)
{
    size_t at = hint < segments->count && segments->list[hint].begin <= time ? hint : 0;
    while (at < segments->count && segments->list[at].end <= time)
        at++;
    return at;
}

clock_us tariff_grain(const struct tariff_book *book)
{
    static const int grains[] = {3600, 900, 300, 60};
    size_t grain = 0;
    for (size_t i = 0; i < book->count; i++) {
        for (size_t j = 0; j < book->list[i].window_count; j++) {
            const struct tariff_window *window = &book->list[i].windows[j];
            while (window->from % grains[grain] != 0 || window->to % grains[grain] != 0)
                grain++;
        }
    }
    return grains[grain] * CLOCK_S;
}

/* ---- the standing charge --------------------------------------------------------------------- */

/* How many days the month or year of `day` has. */
static int64_t days_in(int64_t day, enum tariff_per per)
{
    time_t second = (time_t)(day * SCHEDULE_DAY_S);
    struct tm parts = {0};
    gmtime_r(&second, &parts);
    if (per == TARIFF_PER_DAY)
        return 1;
    struct tm begin = {.tm_year = parts.tm_year, .tm_mon = parts.tm_mon, .tm_mday = 1};
    struct tm end = begin;
    if (per == TARIFF_PER_YEAR)
        begin.tm_mon = end.tm_mon = 0;
    end.tm_year += per == TARIFF_PER_YEAR;
    end.tm_mon += per == TARIFF_PER_MONTH;
    return (int64_t)(timegm(&end) - timegm(&begin)) / SCHEDULE_DAY_S;
}

/* The tariffs of one medium that are for the same meters: one contract. */
static uint64_t contract_of(const struct tariff_book *book, size_t first)
{
    uint64_t mask = 0;
    for (size_t i = 0; i < book->count; i++) {
        if (book->list[i].medium == book->list[first].medium &&
            strcmp(book->list[i].meters, book->list[first].meters) == 0)
            mask |= (uint64_t)1 << i;
    }
    return mask;
}

/* Days with the same share are counted and divided once: a whole month costs what it says. */
static int64_t charge(const struct tariff_book *book, uint64_t contract, int64_t from, int64_t to)
{
    int64_t sum = 0;
    for (int64_t day = from; day < to;) {
        const struct tariff *tariff = newest_of(book, contract, day);
        int64_t length = tariff ? days_in(day, tariff->per) : 1, days = 1;
        while (day + days < to && newest_of(book, contract, day + days) == tariff && tariff &&
               days_in(day + days, tariff->per) == length && days < length)
            days++;
        if (tariff)
            sum += (tariff->standing * days + length / 2) / length;
        day += days;
    }
    return sum;
}

bool tariff_standing(const struct tariff_book *book, enum energy_medium medium, int64_t from,
                     int64_t to, int64_t *micro)
{
    bool any = false;
    uint64_t seen = 0;
    *micro = 0;
    for (size_t i = 0; i < book->count; i++) {
        if (book->list[i].medium != medium || seen >> i & 1)
            continue;
        uint64_t contract = contract_of(book, i);
        seen |= contract;
        for (size_t j = 0; j < book->count; j++)
            any |= (contract >> j & 1) && book->list[j].standing > 0;
        *micro += charge(book, contract, from, to);
    }
    return any;
}
