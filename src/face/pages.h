/* pages - the embedded pages: the files of web/dist as they were when the program was built.
 *
 * Answers are prepared at the start and shared. Names with a hash in them never change and are kept
 * for ever by browsers; the rest is asked for again with its ETag. Owned by the web face.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* One embedded file; the table is generated (tools/embed.py). */
struct page_file {
    const char *path; /* "/index.html" */
    const char *type, *etag;
    const unsigned char *bytes, *bytes_end;
    const unsigned char *packed, *packed_end; /* gzip, NULL: none */
    bool immutable;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

struct pages;
struct request;

struct pages *pages_new(void);
struct pages *pages_free(struct pages *pages);

/* Answer a GET or HEAD of anything outside the API. An unknown path without a dot is a page of the
 * program in the browser: it gets index.html. */
void pages_serve(const struct pages *pages, struct request *request);

/* Whether an Accept-Encoding header takes gzip. */
bool pages_accepts_gzip(const char *header);
