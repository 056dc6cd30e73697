#include "base/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

struct worker {
    pthread_t thread;
    void (*run)(void *user);
    void *user;
};

static void *run_thread(void *argument)
{
    struct worker *worker = argument;
    worker->run(worker->user);
    return NULL;
}

struct worker *worker_start(const char *name, void (*run)(void *user), void *user)
{
    struct worker *worker = calloc(1, sizeof *worker);
    if (!worker)
        return NULL;
    worker->run = run;
    worker->user = user;
    /* A thread inherits the mask; the faults of its own must still end the program. */
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGABRT);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int result = pthread_create(&worker->thread, NULL, run_thread, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0) {
        free(worker);
        return NULL;
    }
    char shown[16]; /* pthread_setname_np(3) refuses longer names */
    snprintf(shown, sizeof shown, "%s", name);
    pthread_setname_np(worker->thread, shown);
    return worker;
}

struct worker *worker_join(struct worker *worker)
{
    if (worker) {
        pthread_join(worker->thread, NULL);
        free(worker);
    }
    return NULL;
}
