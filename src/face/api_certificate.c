#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "face/api_operations.h"
#include "face/certificate_keep.h"
#include "face/certificate_make.h"
#include "face/certificate_view.h"
#include "face/json_body.h"
#include "face/request_event.h"
#include "face/web_private.h"

/* A certificate is made (RSA: seconds on a small machine) and written (a slow disk) by the pool,
 * one at a time; only what is on the disk is put into force. */

#define SOON (30LL * 86400 * CLOCK_S)

/* ---- telling --------------------------------------------------------------------------------- */

static clock_us wall_of(const struct web *web)
{
    const struct clock *clock = loop_clock(web->context.loop);
    return clock_wall_known(clock) ? clock_wall(clock) : 0;
}

static void write_problem(struct json *json, const struct web *web,
                          const struct certificate *certificate)
{
    struct err err = ERR_EMPTY;
    char text[80];
    clock_us wall = wall_of(web);
    const char *problem = NULL;
    if (!certificate)
        problem = "HTTPS is switched off: the setting web.https is 0";
    else if (certificate_check(certificate, wall, &err) < 0)
        problem = err.text;
    else if (wall && certificate->expires - wall < SOON) {
        snprintf(text, sizeof text, "the certificate expires in %lld days",
                 (long long)((certificate->expires - wall) / (86400 * CLOCK_S)));
        problem = text;
    }
    json_pair_text(json, "problem", problem);
}

static void answer(struct request *request, const struct certificate *certificate,
                   enum time_form form)
{
    const struct web *web = request->web;
    bool files = web->settings.certificate[0] != '\0';
    struct buf body = BUF_EMPTY;
    struct json json = json_writer(&body);
    json_open_object(&json);
    json_pair_text(&json, "source", files ? "files" : "unit");
    json_pair_text(&json, "path", files ? web->settings.certificate : NULL);
    json_pair_bool(&json, "in_use", web->certificate != NULL);
    write_problem(&json, web, certificate);
    certificate_view(&json, certificate, form);
    json_close_object(&json);
    request_answer_json(request, &body);
}

void api_certificate_show(struct request *request)
{
    enum time_form form;
    if (request_time_form(request, &form))
        answer(request, request->web->certificate, form);
}

/* ---- replacing ------------------------------------------------------------------------------- */

struct certificate_job {
    struct web *web;         /* NULL: the pages were closed meanwhile */
    struct request *request; /* NULL: nobody waits for the answer any more */
    enum time_form form;
    bool uploaded, rsa;
    clock_us wall;
    char *folder, *names;
    struct certificate *pair; /* uploaded: from the start; else what was made */
    struct err err;
};

static void free_job(struct certificate_job *job)
{
    certificate_unref(job->pair);
    free(job->folder);
    free(job->names);
    free(job);
}

/* On a thread of the pool: the job is its alone. */
static void work(void *user)
{
    struct certificate_job *job = user;
    if (!job->pair)
        job->pair = certificate_make_pair(job->rsa, job->wall, job->names, &job->err);
    if (job->pair)
        certificate_keep(job->pair, job->folder, &job->err);
}

/* Connections that are there keep the certificate that they began with. */
static void put_into_force(struct web *web, struct certificate_job *job)
{
    if (!web->settings.https || web->settings.certificate[0])
        return;
    certificate_unref(web->certificate);
    web->certificate = certificate_ref(job->pair);
}

static void done(void *user)
{
    struct certificate_job *job = user;
    struct request *request = job->request;
    bool good = !job->err.code;
    if (job->web) {
        job->web->certificate_job = NULL;
        if (good)
            put_into_force(job->web, job);
    }
    if (request && good) {
        request_event(request,
                      &(struct event){.kind = EVENT_CERTIFICATE_CHANGED, .object = "certificate"},
                      "%s",
                      job->uploaded ? "put another certificate into force"
                                    : "made a new self-signed certificate");
        answer(request, job->pair, job->form);
    } else if (request) {
        request_problem(request, 500, "not-saved", "The certificate could not be saved",
                        "%s; the one before is still in force.", job->err.text);
    }
    if (!request && good) /* nobody waits for the answer any more: the log tells */
        log_notice("certificate", "another certificate is in force");
    else if (!request)
        log_error("certificate", "not saved: %s", job->err.text);
    free_job(job);
}

static void on_gone(void *user)
{
    struct certificate_job *job = user;
    job->request = NULL;
}

void api_certificate_leave(struct web *web)
{
    if (web->certificate_job)
        web->certificate_job->web = NULL;
    web->certificate_job = NULL;
}

/* Takes `pair` (NULL: one is to be made). */
static void start(struct request *request, struct certificate *pair, enum time_form form)
{
    struct web *web = request->web;
    struct certificate_job *job = calloc(1, sizeof *job);
    if (job)
        *job = (struct certificate_job){
            .web = web,
            .request = request,
            .form = form,
            .uploaded = pair != NULL,
            .rsa = web->settings.key_type == WEB_KEY_RSA,
            .wall = clock_wall(loop_clock(web->context.loop)),
            .folder = strdup(web->context.state_folder),
            .names = strdup(web->settings.names),
            .pair = pair,
        };
    if (!job || !job->folder || !job->names ||
        loop_job_start(web->context.loop, work, done, job) < 0) {
        if (job)
            free_job(job);
        else
            certificate_unref(pair);
        request_answer_response(request, 503, NULL);
        return;
    }
    web->certificate_job = job;
    request_wait(request, on_gone, job);
}

/* Whether a new certificate would serve at all; false when answered. */
static bool may_replace(struct request *request)
{
    const struct web *web = request->web;
    struct config_key found;
    struct err err;
    if (web->certificate_job) {
        request_problem(request, 503, "busy", "Not now",
                        "Another certificate is being written; try again in a moment.");
        return false;
    }
    if (!web->settings.certificate[0])
        return true;
    bool fixed =
        config_key(web->context.config(web->context.user), "web.certificate", &found, &err) == 0 &&
        found.source == CONFIG_FILE;
    if (fixed)
        request_problem(request, 409, "fixed-in-file", "The certificate is named in the site file",
                        "web.certificate is set at %s: replace %.300s and its key, or take both "
                        "keys out of the site file, then reload.",
                        found.place, web->settings.certificate);
    else
        request_problem(request, 409, "conflict", "The certificate is read from a file",
                        "web.certificate names %.300s: return web.certificate and web.key to "
                        "their defaults first.",
                        web->settings.certificate);
    return false;
}

static void take_pair(struct request *request, const json_t *body, enum time_form form)
{
    const char *chain, *key;
    struct err err = ERR_EMPTY;
    if (!json_body_text(request, body, "certificate", CERTIFICATE_FILE_MAX, true, &chain) ||
        !json_body_text(request, body, "key", CERTIFICATE_FILE_MAX, true, &key))
        return;
    struct certificate *pair =
        certificate_read(&(struct certificate_input){"certificate", chain, strlen(chain)},
                         &(struct certificate_input){"key", key, strlen(key)}, &err);
    if (pair && certificate_check(pair, wall_of(request->web), &err) < 0)
        pair = certificate_unref(pair);
    if (pair)
        start(request, pair, form);
    else
        request_problem(request, 422, "bad-certificate", "The certificate was not taken", "%s.",
                        err.text);
}

/* The key was in the body; jansson's copy of it is wiped too. */
static void wipe(struct request *request, json_t *body)
{
    const char *key = json_string_value(json_object_get(body, "key"));
    if (key)
        explicit_bzero((char *)(uintptr_t)key, strlen(key));
    if (request->body.data)
        explicit_bzero(request->body.data, request->body.capacity);
}

void api_certificate_put(struct request *request)
{
    static const char *const keys[] = {"certificate", "key", NULL};
    enum time_form form;
    if (!request_time_form(request, &form) || !may_replace(request))
        return;
    json_t *body = json_body_take(request);
    if (body && json_body_known(request, body, keys))
        take_pair(request, body, form);
    wipe(request, body);
    json_decref(body);
}

void api_certificate_make(struct request *request)
{
    enum time_form form;
    if (request_time_form(request, &form) && may_replace(request))
        start(request, NULL, form);
}
