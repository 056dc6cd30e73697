#include "base/mailbox.h"

#include <assert.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct mailbox {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct mailbox_block *first, **end;
    size_t count, bytes;
    size_t most_blocks, most_bytes;
    bool closed;
    int fd; /* eventfd: 1 while blocks are inside, 0 while empty */
};

struct mailbox *mailbox_new(size_t blocks, size_t bytes)
{
    struct mailbox *mailbox = calloc(1, sizeof *mailbox);
    if (!mailbox)
        return NULL;
    mailbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (mailbox->fd < 0) {
        free(mailbox);
        return NULL;
    }
    pthread_mutex_init(&mailbox->lock, NULL);
    pthread_cond_init(&mailbox->changed, NULL);
    mailbox->end = &mailbox->first;
    mailbox->most_blocks = blocks;
    mailbox->most_bytes = bytes;
    return mailbox;
}

struct mailbox *mailbox_free(struct mailbox *mailbox)
{
    if (!mailbox)
        return NULL;
    assert(mailbox->count == 0);
    pthread_cond_destroy(&mailbox->changed);
    pthread_mutex_destroy(&mailbox->lock);
    close(mailbox->fd);
    free(mailbox);
    return NULL;
}

/* The eventfd's counter only says "something is inside", so it moves when the queue leaves or
 * reaches empty. */
static void set_readable(struct mailbox *mailbox, bool readable)
{
    uint64_t number = 1;
    ssize_t done = readable ? write(mailbox->fd, &number, sizeof number)
                            : read(mailbox->fd, &number, sizeof number);
    assert(done == sizeof number);
    (void)done;
}

static bool has_room(const struct mailbox *mailbox, size_t weight)
{
    if (mailbox->closed)
        return false;
    if (mailbox->count == 0)
        return true;
    return mailbox->count < mailbox->most_blocks && weight <= mailbox->most_bytes &&
           mailbox->bytes <= mailbox->most_bytes - weight;
}

bool mailbox_give(struct mailbox *mailbox, struct mailbox_block *block)
{
    pthread_mutex_lock(&mailbox->lock);
    bool room = has_room(mailbox, block->weight);
    if (room) {
        block->next = NULL;
        *mailbox->end = block;
        mailbox->end = &block->next;
        mailbox->bytes += block->weight;
        if (mailbox->count++ == 0)
            set_readable(mailbox, true);
        pthread_cond_signal(&mailbox->changed);
    }
    pthread_mutex_unlock(&mailbox->lock);
    return room;
}

/* The end of a wait on the clock that pthread waits by; CLOCK_BOOTTIME is not offered there. */
static struct timespec end_of(clock_us wait)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)(wait / CLOCK_S);
    end.tv_nsec += (long)(wait % CLOCK_S * 1000);
    if (end.tv_nsec >= 1000000000) {
        end.tv_nsec -= 1000000000;
        end.tv_sec++;
    }
    return end;
}

/* Wait with the lock held until closed, a block is inside (if `for_block`), or the time is over. */
static void wait_changed(struct mailbox *mailbox, clock_us wait, bool for_block)
{
    if (wait <= 0)
        return;
    struct timespec end = wait == CLOCK_NEVER ? (struct timespec){0} : end_of(wait);
    int result = 0;
    while (result == 0 && !mailbox->closed && !(for_block && mailbox->first)) {
        if (wait == CLOCK_NEVER)
            result = pthread_cond_wait(&mailbox->changed, &mailbox->lock);
        else
            result =
                pthread_cond_clockwait(&mailbox->changed, &mailbox->lock, CLOCK_MONOTONIC, &end);
    }
}

struct mailbox_block *mailbox_take(struct mailbox *mailbox, clock_us wait)
{
    pthread_mutex_lock(&mailbox->lock);
    wait_changed(mailbox, wait, true);
    struct mailbox_block *block = mailbox->first;
    if (block) {
        mailbox->first = block->next;
        if (!mailbox->first)
            mailbox->end = &mailbox->first;
        mailbox->bytes -= block->weight;
        if (--mailbox->count == 0)
            set_readable(mailbox, false);
        block->next = NULL;
    }
    pthread_mutex_unlock(&mailbox->lock);
    return block;
}

bool mailbox_pause(struct mailbox *mailbox, clock_us wait)
{
    pthread_mutex_lock(&mailbox->lock);
    wait_changed(mailbox, wait, false);
    bool closed = mailbox->closed;
    pthread_mutex_unlock(&mailbox->lock);
    return closed;
}

void mailbox_close(struct mailbox *mailbox)
{
    pthread_mutex_lock(&mailbox->lock);
    mailbox->closed = true;
    pthread_cond_broadcast(&mailbox->changed);
    pthread_mutex_unlock(&mailbox->lock);
}

int mailbox_fd(const struct mailbox *mailbox)
{
    return mailbox->fd;
}
