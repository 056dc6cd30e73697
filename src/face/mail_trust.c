#include "face/mail_trust.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define KEPT (3600 * CLOCK_S)

/* A reading, which may outlive the one who asked for it. */
struct reading {
    struct mail_trust *trust; /* NULL: that has gone */
    char *ca;
    gnutls_certificate_credentials_t credentials;
    struct err err;
};

struct mail_trust {
    struct loop *loop;
    char *ca;
    gnutls_certificate_credentials_t credentials; /* NULL: none */
    clock_us read_at;
    struct reading *reading;
    mail_trust_fn *done; /* NULL: nobody waits */
    void *user;
};

/* ---- on the pool ----------------------------------------------------------------------------- */

static void work(void *user)
{
    struct reading *reading = user;
    const char *ca = reading->ca;
    if (gnutls_certificate_allocate_credentials(&reading->credentials) < 0) {
        err_set(&reading->err, -ENOMEM, "out of memory");
        return;
    }
    int count =
        *ca ? gnutls_certificate_set_x509_trust_file(reading->credentials, ca, GNUTLS_X509_FMT_PEM)
            : gnutls_certificate_set_x509_system_trust(reading->credentials);
    if (count > 0)
        return;
    err_set(&reading->err, -ENOENT, "no trusted certificates in %.200s: %s",
            *ca ? ca : "this machine", count < 0 ? gnutls_strerror(count) : "none found");
    gnutls_certificate_free_credentials(reading->credentials);
    reading->credentials = NULL;
}

static void free_reading(struct reading *reading)
{
    if (reading->credentials)
        gnutls_certificate_free_credentials(reading->credentials);
    free(reading->ca);
    free(reading);
}

/* ---- on the loop ----------------------------------------------------------------------------- */

static void drop(struct mail_trust *trust)
{
    if (trust->credentials)
        gnutls_certificate_free_credentials(trust->credentials);
    trust->credentials = NULL;
    free(trust->ca);
    trust->ca = NULL;
}

static void answer(struct mail_trust *trust, const struct err *err)
{
    mail_trust_fn *done = trust->done;
    trust->done = NULL;
    if (done)
        done(trust->user, trust->credentials, err);
}

static void on_read(void *user)
{
    struct reading *reading = user;
    struct mail_trust *trust = reading->trust;
    if (!trust) {
        free_reading(reading);
        return;
    }
    struct err err = reading->err;
    trust->reading = NULL;
    drop(trust);
    trust->credentials = reading->credentials;
    trust->ca = reading->ca;
    trust->read_at = loop_now(trust->loop);
    reading->credentials = NULL;
    reading->ca = NULL;
    free_reading(reading);
    answer(trust, &err);
}

void mail_trust_get(struct mail_trust *trust, const char *ca, mail_trust_fn *done, void *user)
{
    bool there = trust->credentials && strcmp(trust->ca, ca) == 0 &&
                 loop_now(trust->loop) - trust->read_at < KEPT;
    mail_trust_cancel(trust);
    trust->done = done;
    trust->user = user;
    if (there) {
        answer(trust, NULL);
        return;
    }
    struct reading *reading = mem_new(sizeof *reading);
    reading->trust = trust;
    reading->ca = mem_text(ca);
    if (loop_job_start(trust->loop, work, on_read, reading) == 0) {
        trust->reading = reading;
        return;
    }
    free_reading(reading);
    drop(trust);
    answer(trust, &(struct err){.code = -ENOMEM, .text = "out of memory"});
}

void mail_trust_cancel(struct mail_trust *trust)
{
    trust->done = NULL;
    if (trust->reading)
        trust->reading->trust = NULL;
    trust->reading = NULL;
}

void mail_trust_forget(struct mail_trust *trust)
{
    trust->read_at -= KEPT;
}

struct mail_trust *mail_trust_new(struct loop *loop)
{
    struct mail_trust *trust = calloc(1, sizeof *trust);
    if (trust)
        trust->loop = loop;
    return trust;
}

struct mail_trust *mail_trust_free(struct mail_trust *trust)
{
    if (!trust)
        return NULL;
    mail_trust_cancel(trust);
    drop(trust);
    free(trust);
    return NULL;
}
