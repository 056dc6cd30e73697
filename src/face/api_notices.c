/* Who is told of alarms, what waits to be told, and trying it out. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/notify.h"
#include "engine/notify_recipient.h"
#include "face/api_operations.h"
#include "face/web_private.h"

#define TEST_LOOK_EVERY (50 * CLOCK_MS)
#define TEST_MOST (50 * CLOCK_S) /* less than clients wait for an answer */
#define TESTS_MOST 4

/* ---- the queue ------------------------------------------------------------------------------- */

static void pair_text(struct json *json, const char *key, const char *text)
{
    json_pair_text(json, key, text && *text ? text : NULL);
}

static void write_status(struct json *json, const struct request *request,
                         const struct notify_status *status, enum time_form form)
{
    struct loop *loop = request->web->context.loop;
    bool waits = status->next != CLOCK_NEVER, known = clock_wall_known(loop_clock(loop));
    clock_us left = waits && status->next > loop_now(loop) ? status->next - loop_now(loop) : 0;
    json_open_object(json);
    json_pair_text(json, "recipient", status->recipient);
    json_pair_text(json, "kind", status->kind);
    json_pair_int(json, "waiting", (int64_t)status->waiting);
    time_form_pair(json, "last", status->last_wall, form);
    time_form_pair(json, "next", waits && known ? loop_wall(loop) + left : 0, form);
    json_key(json, "next_in_ms");
    if (waits)
        json_int(json, left / CLOCK_MS);
    else
        json_none(json);
    pair_text(json, "problem", status->problem);
    json_pair_int(json, "delivered", (int64_t)status->delivered);
    json_pair_int(json, "given_up", (int64_t)status->given_up);
    json_close_object(json);
}

void api_notices_list(struct request *request)
{
    const struct notify *notify = request->web->context.notify;
    enum time_form form;
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    if (!request_time_form(request, &form))
        return;
    json_open_array(&json);
    for (size_t i = 0; notify && i < notify_count(notify); i++) {
        const struct notify_status status = notify_status(notify, i);
        write_status(&json, request, &status, form);
    }
    json_close_array(&json);
    request_answer_json(request, &body);
}

/* ---- trying a recipient ---------------------------------------------------------------------- */

/* A test notice is on its way; how it ended is looked for. */
struct api_test {
    struct web *web;
    struct request *request;
    struct loop_timer timer;
    char recipient[LIMIT_NAME + 1];
    uint64_t tries; /* that had ended before */
    clock_us until;
};

static bool status_of(const struct notify *notify, const char *recipient,
                      struct notify_status *status)
{
    for (size_t i = 0; i < notify_count(notify); i++) {
        *status = notify_status(notify, i);
        if (strcmp(status->recipient, recipient) == 0)
            return true;
    }
    return false;
}

static void write_lines(struct json *json, const char *text)
{
    json_open_array(json);
    while (*text) {
        size_t length = strcspn(text, "\n");
        json_text_n(json, text, length);
        text += length + (text[length] == '\n');
    }
    json_close_array(json);
}

/* The first line of `words` says how it ended, the others are what both sides said. */
static void answer_test(struct request *request, bool delivered, const char *words)
{
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    size_t first = strcspn(words, "\n");
    json_open_object(&json);
    json_pair_bool(&json, "delivered", delivered);
    json_key(&json, "words");
    json_text_n(&json, words, first);
    json_key(&json, "dialogue");
    write_lines(&json, words + first + (words[first] == '\n'));
    json_close_object(&json);
    request_answer_json(request, &body);
}

static void end_test(struct api_test *test)
{
    loop_timer_stop(&test->timer);
    test->web->tests--;
    free(test);
}

static void on_gone(void *job)
{
    end_test(job);
}

static void on_look(struct loop_timer *timer, void *user)
{
    struct api_test *test = user;
    struct request *request = test->request;
    struct notify_status status;
    (void)timer;
    if (!status_of(test->web->context.notify, test->recipient, &status))
        answer_test(request, false, "the recipient has gone");
    else if (status.tries > test->tries)
        answer_test(request, status.went_well, status.words);
    else if (loop_now(test->web->context.loop) >= test->until)
        answer_test(request, false,
                    *status.problem ? status.problem : "no answer yet; it is tried again");
    else
        return;
    end_test(test);
}

static void send_test(struct request *request, struct notify *notify, const char *recipient)
{
    struct loop *loop = request->web->context.loop;
    struct notify_status status;
    struct api_test *test = calloc(1, sizeof *test);
    if (!test || !status_of(notify, recipient, &status)) {
        free(test);
        request_answer_response(request, 503, NULL);
        return;
    }
    test->web = request->web;
    test->request = request;
    test->tries = status.tries;
    test->until = loop_now(loop) + TEST_MOST;
    snprintf(test->recipient, sizeof test->recipient, "%s", recipient);
    notify_add(notify, &(struct notice){.kind = NOTICE_TEST,
                                        .severity = ALARM_INFO,
                                        .number = NAN,
                                        .limit = NAN,
                                        .wall = loop_wall(loop),
                                        .subject = "Test notice",
                                        .text = "This is a test: somebody wanted to see whether "
                                                "notices arrive.",
                                        .recipients = recipient});
    request->web->tests++;
    request_wait(request, on_gone, test);
    loop_timer_every(loop, &test->timer, 0, TEST_LOOK_EVERY, on_look, test);
}

void api_recipients_test(struct request *request)
{
    const struct web_context *context = &request->web->context;
    const struct recipient *recipient = NULL;
    char name[LIMIT_NAME + 1];
    if (!context->notify) {
        request_problem(request, 503, "no-notices", "Nobody is told anything here",
                        "This program was started without notices.");
        return;
    }
    if (request_path_value(request, 0, name, sizeof name))
        recipient = recipient_find(context->config(context->user), name);
    if (!recipient)
        request_problem(request, 404, "not-found", "No such recipient",
                        "There is no recipient of that name; GET /api/v1/recipients lists them.");
    else if (!recipient->enabled)
        request_problem(request, 409, "conflict", "The recipient is switched off",
                        "Set recipients.%s.enabled first.", name);
    else if (request->web->tests >= TESTS_MOST)
        request_problem(request, 503, "busy", "Too much is under way",
                        "%d tests are under way; try again when they have ended.", TESTS_MOST);
    else
        send_test(request, context->notify, name);
}
