#include "face/webhook.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/notify_recipient.h"
#include "face/mail_dialogue.h"
#include "face/webhook_body.h"

#define TOGETHER 100
#define WHOLE_MOST (30 * CLOCK_S)
#define ANSWER_KEPT 500          /* of the body, for people */
#define ANSWER_MOST (64u * 1024) /* beyond, the connection is closed */

/* A job under way. */
struct post {
    struct post *next;
    struct webhook *webhook;
    struct notify_job *job;
    struct curl_call call;
    struct curl_slist *headers;
    CURLU *url;
    struct buf body;
    char answer[ANSWER_KEPT + 1];
    size_t kept, received;
    struct mail_dialogue dialogue; /* of a test */
};

struct webhook {
    struct loop *loop;
    struct curl_loop *curl;
    struct notify *notify;
    struct notify_route route;
    struct post *posts;
    char host[256];
};

/* ---- a post ---------------------------------------------------------------------------------- */

static void free_post(struct post *post)
{
    for (struct post **at = &post->webhook->posts; *at; at = &(*at)->next) {
        if (*at == post) {
            *at = post->next;
            break;
        }
    }
    if (post->call.easy) {
        curl_call_cancel(&post->call);
        curl_easy_cleanup(post->call.easy);
    }
    curl_slist_free_all(post->headers);
    curl_url_cleanup(post->url);
    buf_deinit(&post->body);
    mail_dialogue_deinit(&post->dialogue);
    free(post);
}

static void end_post(struct post *post, enum notify_outcome outcome, const char *words)
{
    struct webhook *webhook = post->webhook;
    struct notify_job *job = post->job;
    struct buf room = BUF_EMPTY;
    words = mail_dialogue_words(&post->dialogue, words, &room);
    free_post(post);
    notify_done(webhook->notify, job, outcome, words);
    buf_deinit(&room);
}

/* ---- what a test shows ----------------------------------------------------------------------- */

#define BODY_SHOWN 1000 /* bytes of the answer's body in a dialogue */

/* Whoever sees the dialogue must not be able to sign as we do, nor to sign in there. */
static bool is_secret(const char *line, size_t length)
{
    static const char *const names[] = {
        "Authorization:", "Busbar-Signature:", "Cookie:", "Set-Cookie:"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size = strlen(names[i]);
        if (length >= size && strncasecmp(line, names[i], size) == 0)
            return true;
    }
    return false;
}

/* One line of several; NULL at their end. */
static const char *next_line(const char **at, size_t *left, size_t *length)
{
    const char *line = *at;
    const char *end = *left ? memchr(line, '\n', *left) : NULL;
    size_t whole = end ? (size_t)(end - line) + 1 : *left;
    *length = whole - (end != NULL);
    *length -= *length > 0 && line[*length - 1] == '\r';
    *at += whole;
    *left -= whole;
    return whole ? line : NULL;
}

static void note_line(struct mail_dialogue *dialogue, curl_infotype type, const char *line,
                      size_t length)
{
    char shown[300];
    size_t name = is_secret(line, length) ? strcspn(line, ":") : length;
    snprintf(shown, sizeof shown, "%.*s%s", (int)(name < 280 ? name : 280), line,
             name < length ? ": ***" : "");
    if (type == CURLINFO_HEADER_OUT)
        mail_dialogue_ours(dialogue, shown);
    else if (type == CURLINFO_TEXT)
        mail_dialogue_note(dialogue, shown);
    else
        mail_dialogue_theirs(dialogue, shown, strlen(shown));
}

/* libcurl tells what it does and what goes over the line; the body that we send is no news. */
static int on_said(CURL *easy, curl_infotype type, char *bytes, size_t size, void *user)
{
    struct post *post = user;
    const char *at = bytes;
    size_t length;
    (void)easy;
    if (type == CURLINFO_DATA_IN) {
        size_t room = post->received < BODY_SHOWN ? BODY_SHOWN - post->received : 0;
        size = size < room ? size : room;
    } else if (type != CURLINFO_TEXT && type != CURLINFO_HEADER_IN && type != CURLINFO_HEADER_OUT) {
        return 0;
    }
    for (const char *line; (line = next_line(&at, &size, &length));) {
        if (length)
            note_line(&post->dialogue, type, line, length);
    }
    return 0;
}

static void show_dialogue(struct post *post)
{
    post->dialogue.keep = notify_job_is_test(post->job);
    mail_dialogue_begin(&post->dialogue);
    if (!post->dialogue.keep)
        return;
    curl_easy_setopt(post->call.easy, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(post->call.easy, CURLOPT_DEBUGFUNCTION, on_said);
    curl_easy_setopt(post->call.easy, CURLOPT_DEBUGDATA, post);
    /* by a connection of its own, to show how that comes about */
    curl_easy_setopt(post->call.easy, CURLOPT_FRESH_CONNECT, 1L);
}

/* The head of an answer helps a person to see what is wrong; more than that is not read. */
static size_t on_answer(char *bytes, size_t size, size_t count, void *user)
{
    struct post *post = user;
    size_t length = size * count, room = ANSWER_KEPT - post->kept;
    memcpy(post->answer + post->kept, bytes, length < room ? length : room);
    post->kept += length < room ? length : room;
    post->received += length;
    return post->received <= ANSWER_MOST ? length : 0;
}

/* What may be better the next time, and what will not: sending it again would do no good to
 * anybody, and keep what comes behind it from being sent. */
static enum notify_outcome judge(long status)
{
    static const long later[] = {408, 425, 429}; /* RFC 9110, RFC 8470, RFC 6585 */
    if (status >= 200 && status < 300)
        return NOTIFY_DELIVERED;
    for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
        if (status == later[i])
            return NOTIFY_LATER;
    }
    return status >= 300 && status < 500 ? NOTIFY_NEVER : NOTIFY_LATER;
}

static void on_done(void *user, CURLcode result)
{
    struct post *post = user;
    char words[ANSWER_KEPT + 400];
    long status = 0;
    char *elsewhere = NULL;
    curl_easy_getinfo(post->call.easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(post->call.easy, CURLINFO_REDIRECT_URL, &elsewhere);
    bool answered = status && (result == CURLE_OK || result == CURLE_WRITE_ERROR);
    if (!answered)
        snprintf(words, sizeof words, "%.300s",
                 *post->call.error ? post->call.error : curl_easy_strerror(result));
    else if (elsewhere)
        snprintf(words, sizeof words,
                 "HTTP %ld: it points to %.300s; redirects are not followed: write the right url",
                 status, elsewhere);
    else
        snprintf(words, sizeof words, "HTTP %ld%s%s", status, *post->answer ? ": " : "",
                 post->answer);
    end_post(post, answered ? judge(status) : NOTIFY_LATER, words);
}

/* ---- a request ------------------------------------------------------------------------------- */

static bool add_header(struct post *post, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool add_header(struct post *post, const char *format, ...)
{
    char text[300];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct curl_slist *longer = curl_slist_append(post->headers, text);
    if (longer)
        post->headers = longer;
    return longer;
}

/* "Expect:" keeps libcurl from asking first whether it may send a longer body, which costs a second
 * where nobody answers that. The time of signing goes along and is signed too, so that a receiver
 * can refuse what somebody recorded and sends again. */
static bool add_headers(struct post *post)
{
    char signature[WEBHOOK_SIGNATURE_SIZE];
    const struct recipient *recipient = post->job->recipient;
    int64_t second = loop_wall(post->webhook->loop) / CLOCK_S;
    bool good = add_header(post, "Content-Type: application/json") && add_header(post, "Expect:") &&
                add_header(post, "Busbar-Delivery: %016" PRIx64, post->job->id) &&
                add_header(post, "Busbar-Timestamp: %" PRId64, second);
    if (!good || !*recipient->key)
        return good;
    return webhook_body_sign(recipient->key, second, &post->body, signature) == 0 &&
           add_header(post, "Busbar-Signature: sha256=%s", signature);
}

static bool set_options(struct post *post)
{
    CURL *easy = post->call.easy;
    curl_call_prepare(&post->call, post->job->recipient->ca, WHOLE_MOST);
    curl_easy_setopt(easy, CURLOPT_CURLU, post->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "busbar/" BUSBAR_VERSION);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)post->body.length);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_answer);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, post);
    show_dialogue(post);
    return curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post->body.data) == CURLE_OK;
}

/* Host without the brackets of IPv6, and port; false when the URL is none. */
static bool split_url(struct post *post, char *host, size_t size, int *port)
{
    char *name = NULL, *number = NULL;
    post->url = curl_url();
    bool good = post->url &&
                curl_url_set(post->url, CURLUPART_URL, post->job->recipient->url, 0) == CURLUE_OK &&
                curl_url_get(post->url, CURLUPART_HOST, &name, 0) == CURLUE_OK &&
                curl_url_get(post->url, CURLUPART_PORT, &number, CURLU_DEFAULT_PORT) == CURLUE_OK;
    if (good) {
        bool six = name[0] == '[';
        snprintf(host, size, "%.*s", (int)(strlen(name) - 2 * six), name + six);
        *port = atoi(number);
    }
    curl_free(name);
    curl_free(number);
    return good;
}

static void on_send(void *user, struct notify_job *job)
{
    struct webhook *webhook = user;
    char host[256];
    int port;
    struct post *post = calloc(1, sizeof *post);
    if (!post) {
        notify_done(webhook->notify, job, NOTIFY_LATER, "out of memory");
        return;
    }
    *post = (struct post){.next = webhook->posts, .webhook = webhook, .job = job};
    webhook->posts = post;
    if (!split_url(post, host, sizeof host, &port)) {
        end_post(post, NOTIFY_LATER, "the url is none");
        return;
    }
    post->call.easy = curl_easy_init();
    post->call.done = on_done;
    post->call.user = post;
    webhook_body_write(webhook->host, job, &post->body);
    if (!post->call.easy || post->body.failed || !add_headers(post) || !set_options(post) ||
        curl_call_start(webhook->curl, &post->call, host, port) < 0)
        end_post(post, NOTIFY_LATER, "out of memory");
}

static void on_abandon(void *user, struct notify_job *job)
{
    struct webhook *webhook = user;
    struct post *post = webhook->posts;
    while (post && post->job != job)
        post = post->next;
    if (post)
        free_post(post);
    notify_done(webhook->notify, job, NOTIFY_LATER, "abandoned");
}

/* ---- life ------------------------------------------------------------------------------------ */

struct webhook *webhook_new(struct loop *loop, struct curl_loop *curl, struct notify *notify)
{
    struct webhook *webhook = mem_new(sizeof *webhook);
    webhook->loop = loop;
    webhook->curl = curl;
    webhook->notify = notify;
    if (gethostname(webhook->host, sizeof webhook->host - 1) < 0)
        webhook->host[0] = '\0';
    webhook->route = (struct notify_route){.kind = recipient_kind_name(RECIPIENT_WEBHOOK),
                                           .most = TOGETHER,
                                           .send = on_send,
                                           .abandon = on_abandon,
                                           .user = webhook};
    notify_route_add(notify, &webhook->route);
    return webhook;
}

struct webhook *webhook_free(struct webhook *webhook)
{
    if (!webhook)
        return NULL;
    notify_route_remove(webhook->notify, &webhook->route);
    while (webhook->posts)
        free_post(webhook->posts);
    free(webhook);
    return NULL;
}
