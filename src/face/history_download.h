/* history_download - a client's fetching of the past, page by page.
 *
 * Asks the history for a page, hands it on as fast as the client takes it, and asks for the next: a
 * year of single readings needs the memory of one page. JSON ends with its first page and says from
 * where to ask on; CSV goes on to the end of the span. When the client leaves, the question under
 * way is withdrawn. A bounded number is under way, of one client and of all. Loop thread only.
 */
#pragma once

#include "engine/history.h"
#include "engine/history_csv.h"
#include "face/history_step.h"
#include "face/request.h"

/* Buckets of all points in one JSON answer: 3 MB. */
#define HISTORY_PAGE_ROWS 50000

#define HISTORY_FILE_NAME (LIMIT_NAME + 40)

struct history_wish {
    const char *const *paths; /* borrowed until history_download_start returns */
    size_t path_count;        /* 1 to LIMIT_HISTORY_PATHS */
    clock_us from, to;
    struct history_step step;
    enum time_form form; /* of JSON */
    bool csv;
    struct history_csv_options options; /* of CSV */
    char file_name[HISTORY_FILE_NAME];  /* of CSV */
};

/* Buckets per point that one JSON answer can hold. */
size_t history_download_most(size_t path_count);

/* Answers the request, now or later. */
void history_download_start(struct request *request, struct history *history,
                            const struct history_wish *wish);

/* The program ends: what is under way breaks off, as the client can see. Before the servers drain.
 */
void history_download_end(struct web *web);
