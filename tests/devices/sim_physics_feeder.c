#include "sim_physics_feeder.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_S = 60, DAY_MINUTES = 1440, LINE_MAX_BYTES = 80 };

/* One line without its end; the time in the first column is for people only. */
static int parse_line(const char *text, struct sim_physics_sample *sample)
{
    float *fields[] = {&sample->real_power, &sample->reactive_power, &sample->voltage};
    const char *place = strchr(text, ',');
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (place == NULL) {
            return -EINVAL;
        }
        char *end;
        *fields[i] = strtof(place + 1, &end);
        /* strtof takes "nan" and "inf" for numbers; the original data set marks gaps with "?". */
        if (end == place + 1 || !isfinite(*fields[i])) {
            return -EINVAL;
        }
        place = *end == ',' ? end : NULL;
    }
    return 0;
}

int sim_physics_feeder_parse(const char *text, size_t length, struct sim_physics_sample *samples,
                             size_t max, size_t *line)
{
    size_t used = 0;
    *line = 0;
    for (const char *end = text + length; text < end;) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t bytes = (size_t)((newline != NULL ? newline : end) - text);
        char copy[LINE_MAX_BYTES];
        ++*line;
        if (bytes > 0 && text[0] != '#' && !isalpha((unsigned char)text[0])) {
            if (bytes >= sizeof(copy)) {
                return -EINVAL;
            }
            memcpy(copy, text, bytes);
            copy[bytes] = '\0';
            if (used == max) {
                return -ENOSPC;
            }
            if (parse_line(copy, &samples[used]) < 0) {
                return -EINVAL;
            }
            used++;
        }
        text = newline != NULL ? newline + 1 : end;
    }
    return (int)used;
}

/* Straight lines between minutes: a step each minute would show as a comb in every chart. */
static float between(float from, float to, double share)
{
    return (float)((double)from + ((double)to - (double)from) * share);
}

struct sim_physics_sample sim_physics_feeder_at(const struct sim_physics_feeder *feeder,
                                                double local, unsigned days)
{
    if (feeder->count == 0) {
        return (struct sim_physics_sample){0};
    }
    double minutes = local / MINUTE_S + (double)days * DAY_MINUTES;
    double place = fmod(minutes, (double)feeder->count);
    place = place < 0 ? place + (double)feeder->count : place;
    double whole = floor(place);
    size_t index = (size_t)whole % feeder->count;
    const struct sim_physics_sample *from = &feeder->samples[index];
    const struct sim_physics_sample *to = &feeder->samples[(index + 1) % feeder->count];
    double share = place - whole;
    return (struct sim_physics_sample){
        .real_power = between(from->real_power, to->real_power, share),
        .reactive_power = between(from->reactive_power, to->reactive_power, share),
        .voltage = between(from->voltage, to->voltage, share),
    };
}
