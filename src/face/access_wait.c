#include "face/access_wait.h"

#include <stdlib.h>

#include "face/web_private.h"

void *access_wait_new(struct request *request, size_t size)
{
    struct access_wait *wait = calloc(1, size);
    if (wait)
        wait->request = request;
    else
        request_answer_response(request, 503, NULL);
    return wait;
}

static void on_gone(void *user)
{
    struct access_wait *wait = user;
    access_job_cancel(wait->job);
    free(wait);
}

void access_wait_for(struct access_wait *wait, struct access_job *job)
{
    wait->job = job;
    request_wait(wait->request, on_gone, wait);
}

void access_wait_for_change(struct access_wait *wait, struct access_job *job)
{
    if (job) {
        access_job_by(job, wait->request->user, wait->request->peer->address);
        access_wait_for(wait, job);
        return;
    }
    request_problem(wait->request, 503, "busy", "Not now",
                    "Too many changes and sign-ins are under way; try again.");
    free(wait);
}
