/* history_codec_bench - what the stored forms of history cost: bytes and time for each reading, by
 * kind of series. One JSON line per figure.
 *
 *   history_codec_bench [COLUMNS [LENGTH]]     how many columns of each series, readings in each
 *
 * Times are the best of three, so that another program on the machine matters little. Fails when
 * the usual columns take more than 0.51 bytes a reading.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/history_column.h"
#include "history_series.h"

static const char *const kinds[] = {"voltage", "current", "energy"};
enum { KINDS = 3, ROUNDS = 3 };

static double seconds(void)
{
    struct clock clock = clock_system();
    return (double)clock_mono(&clock) / CLOCK_S;
}

static void figure(const char *name, const char *kind, double value, const char *unit,
                   const char *goal)
{
    printf("{\"figure\":\"history_column_%s_%s\",\"value\":%.4g,\"unit\":\"%s\",\"goal\":\"%s\"}\n",
           name, kind, value, unit, goal);
    fflush(stdout);
}

struct sums {
    double bytes, encode, decode, values;
};

static void measure(const int64_t *values, int64_t *back, size_t count, struct sums *sums)
{
    double encode = 1e9, decode = 1e9;
    static struct buf out;
    for (int i = 0; i < ROUNDS; i++) {
        buf_clear(&out);
        double begin = seconds();
        history_column_encode(&out, values, count);
        double between = seconds();
        struct history_column_reader reader;
        const uint8_t *at = (const uint8_t *)out.data, *end = at + out.length;
        int result = history_column_open(&reader, &at, end, count);
        if (result == 0)
            result = history_column_read(&reader, back, count);
        history_column_close(&reader);
        double after = seconds();
        assert(result == 0 && at == end && memcmp(values, back, count * sizeof *back) == 0);
        encode = between - begin < encode ? between - begin : encode;
        decode = after - between < decode ? after - between : decode;
    }
    sums->bytes += (double)out.length;
    sums->encode += encode;
    sums->decode += decode;
    sums->values += (double)count;
}

int main(int count, char **arguments)
{
    int columns = count > 1 ? atoi(arguments[1]) : 1;
    size_t length = count > 2 ? (size_t)atoi(arguments[2]) : 46080;
    int64_t *values = calloc(length, sizeof *values), *back = calloc(length, sizeof *back);
    assert(values && back && length <= HISTORY_COLUMN_MOST);
    struct sums sums[KINDS] = {0};
    for (int series = 0; series < HISTORY_SERIES_COUNT; series++) {
        struct history_made made = history_made_begin(series);
        int kind = series < HISTORY_SERIES_VOLTAGES ? 0 : series < HISTORY_SERIES_CURRENTS ? 1 : 2;
        for (int i = 0; i < columns; i++) {
            for (size_t j = 0; j < length; j++)
                values[j] = history_made_next(&made);
            measure(values, back, length, &sums[kind]);
        }
    }
    struct sums all = {0};
    for (int i = 0; i < KINDS; i++) {
        all.bytes += sums[i].bytes;
        all.encode += sums[i].encode;
        all.decode += sums[i].decode;
        all.values += sums[i].values;
        figure("bytes", kinds[i], sums[i].bytes / sums[i].values, "B", "");
        figure("encode", kinds[i], sums[i].encode / sums[i].values * 1e9, "ns", "");
        figure("decode", kinds[i], sums[i].decode / sums[i].values * 1e9, "ns", "");
    }
    figure("bytes", "all", all.bytes / all.values, "B", "<= 0.51");
    figure("encode", "all", all.encode / all.values * 1e9, "ns", "<= 60");
    figure("decode", "all", all.decode / all.values * 1e9, "ns", "<= 14");
    free(values);
    free(back);
    /* bytes do not depend on the machine: with the usual columns more is a fault */
    return count == 1 && all.bytes / all.values > 0.51;
}
