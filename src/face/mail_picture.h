/* mail_picture - a point's last hours as a small picture for a mail.
 *
 * The average as a line over a band from lowest to highest, the limit as a line across, figures at
 * the axes (their unit and the name stand in the text around it). Buckets without a reading are
 * gaps. At most 256 colours, 1 to 5 kB as PNG. Pure.
 */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "engine/history.h"

#define MAIL_PICTURE_WIDTH 480
#define MAIL_PICTURE_HEIGHT 160

struct mail_picture {
    const struct history_bucket *buckets; /* oldest first */
    size_t count;
    clock_us from, to; /* wall, from < to */
    clock_us step;     /* of the buckets, > 0 */
    double limit;      /* NaN: none */
    int decimals;
};

/* Append a PNG; 0, -ENODATA when there is no reading in the span, -ENOMEM. */
int mail_picture_draw(const struct mail_picture *picture, struct buf *png);
