#include "face/pages.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/map.h"
#include "face/request.h"

struct answer {
    const struct page_file *file;
    struct MHD_Response *plain, *packed, *unchanged;
};

struct pages {
    struct answer *answers; /* beside page_files */
    struct map by_path;
};

#define CACHE_FOR_EVER "public, max-age=31536000, immutable"
#define CACHE_ASK_AGAIN "no-cache"

static struct MHD_Response *prepare(const struct page_file *file, const unsigned char *bytes,
                                    size_t length, bool packed)
{
    /* The bytes are read-only and live as long as the program; the cast is libmicrohttpd's
     * signature. */
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT);
    if (!response)
        return NULL;
    request_secure(response, file->immutable ? CACHE_FOR_EVER : CACHE_ASK_AGAIN);
    MHD_add_response_header(response, "ETag", file->etag);
    if (bytes)
        MHD_add_response_header(response, "Content-Type", file->type);
    if (packed)
        MHD_add_response_header(response, "Content-Encoding", "gzip");
    if (file->packed)
        MHD_add_response_header(response, "Vary", "Accept-Encoding");
    return response;
}

static bool prepare_all(struct answer *answer, const struct page_file *file)
{
    answer->file = file;
    answer->plain = prepare(file, file->bytes, (size_t)(file->bytes_end - file->bytes), false);
    answer->unchanged = prepare(file, NULL, 0, false);
    if (file->packed)
        answer->packed =
            prepare(file, file->packed, (size_t)(file->packed_end - file->packed), true);
    return answer->plain && answer->unchanged && (answer->packed || !file->packed);
}

struct pages *pages_new(void)
{
    struct pages *pages = calloc(1, sizeof *pages);
    if (!pages)
        return NULL;
    pages->answers = calloc(page_file_count, sizeof *pages->answers);
    if (!pages->answers)
        return pages_free(pages);
    for (size_t i = 0; i < page_file_count; i++) {
        if (!prepare_all(&pages->answers[i], &page_files[i]))
            return pages_free(pages);
        map_set(&pages->by_path, page_files[i].path, &pages->answers[i]);
    }
    return pages;
}

struct pages *pages_free(struct pages *pages)
{
    if (!pages)
        return NULL;
    for (size_t i = 0; pages->answers && i < page_file_count; i++) {
        struct MHD_Response *const prepared[] = {pages->answers[i].plain, pages->answers[i].packed,
                                                 pages->answers[i].unchanged};
        for (size_t j = 0; j < 3; j++) {
            if (prepared[j])
                MHD_destroy_response(prepared[j]);
        }
    }
    map_deinit(&pages->by_path);
    free(pages->answers);
    free(pages);
    return NULL;
}

/* ---- serving --------------------------------------------------------------------------------- */

bool pages_accepts_gzip(const char *header)
{
    if (!header)
        return false;
    for (const char *at = header; *at;) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ",");
        if (strncasecmp(at, "gzip", 4) == 0 && (length == 4 || strchr("; \t", at[4]))) {
            /* gzip;q=0 is a refusal */
            const char *weight = memmem(at, length, "q=", 2);
            return !weight || strtod(weight + 2, NULL) > 0;
        }
        at += length;
    }
    return false;
}

static const struct answer *find(const struct pages *pages, const char *url)
{
    const struct answer *answer = map_get(&pages->by_path, url);
    if (!answer && !strchr(url, '.'))
        answer = map_get(&pages->by_path, "/index.html");
    return answer;
}

static bool is_unchanged(const struct request *request, const char *etag)
{
    const char *have = request_header(request, "If-None-Match");
    return have && (strcmp(have, "*") == 0 || strstr(have, etag));
}

void pages_serve(const struct pages *pages, struct request *request)
{
    const struct answer *answer = find(pages, request->url);
    if (!answer) {
        request_problem(request, 404, "not-found", "No such page",
                        "There is nothing at this address; start at /.");
        return;
    }
    struct MHD_Response *response = answer->plain;
    unsigned status = 200;
    if (is_unchanged(request, answer->file->etag)) {
        response = answer->unchanged;
        status = 304;
    } else if (answer->packed && pages_accepts_gzip(request_header(request, "Accept-Encoding"))) {
        response = answer->packed;
    }
    request_answer_shared(request, status, response);
}
