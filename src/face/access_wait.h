/* access_wait - a request that waits for a job of model/access: a secret that is being checked, a
 * change on its way to the disk.
 *
 * Begins the struct in which a face keeps what it needs for the answer. Whoever gets the job's
 * result frees it; when the client goes before that, the job is cancelled and it is freed here.
 * Loop thread only.
 */
#pragma once

#include <stddef.h>

#include "face/request.h"
#include "model/access.h"

struct access_wait {
    struct request *request;
    struct access_job *job;
};

/* A struct of `size` bytes that begins with an access_wait, the rest zero, for free(). NULL without
 * memory: then the request is answered. */
void *access_wait_new(struct request *request, size_t size);

/* The job has begun. */
void access_wait_for(struct access_wait *wait, struct access_job *job);

/* The same for a change: it is by the user of the request. `job` NULL: it could not begin; then the
 * request is answered and `wait` freed. */
void access_wait_for_change(struct access_wait *wait, struct access_job *job);
