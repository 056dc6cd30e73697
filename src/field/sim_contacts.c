#include "field/sim_contacts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define BOARDS_MOST 256

/* As it stands in the file, one behind the other. */
struct board {
    uint8_t number[SIM_BOARD_ASK]; /* 0: not used */
    uint8_t contacts[SIM_BOARD_CONTACTS];
};

struct sim_contacts {
    int fd;
    bool failed; /* told */
    struct board boards[BOARDS_MOST];
};

/* What nobody can have meant is not there: somebody else's file, half a record at the end. */
static bool is_sound(const struct board *board)
{
    for (size_t i = 0; i < SIM_BOARD_CONTACTS; i++) {
        if (board->contacts[i] > SIM_CONTACT_CLOSED)
            return false;
    }
    return true;
}

static int load(struct sim_contacts *contacts, const char *path, struct err *err)
{
    struct stat about;
    if (fstat(contacts->fd, &about) < 0)
        return err_set(err, -errno, "%s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode) || (size_t)about.st_size > sizeof contacts->boards)
        return err_set(err, -EINVAL, "%s is no file of contacts: give another name", path);
    ssize_t got = pread(contacts->fd, contacts->boards, sizeof contacts->boards, 0);
    if (got < 0)
        return err_set(err, -errno, "%s: %s", path, strerror(errno));
    for (size_t i = 0; i < BOARDS_MOST; i++) {
        bool whole = (i + 1) * sizeof *contacts->boards <= (size_t)got;
        if (whole && !is_sound(&contacts->boards[i]))
            return err_set(err, -EINVAL, "%s is no file of contacts: give another name", path);
        if (!whole)
            contacts->boards[i] = (struct board){0};
    }
    return 0;
}

struct sim_contacts *sim_contacts_open(const char *path, struct err *err)
{
    struct sim_contacts *contacts = mem_new(sizeof *contacts);
    /* not through a link, nor waiting for a pipe's other end: the folder may be everybody's */
    contacts->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
    if (contacts->fd < 0)
        err_set(err, -errno, "%s: %s", path, strerror(errno));
    else if (load(contacts, path, err) == 0)
        return contacts;
    return sim_contacts_free(contacts);
}

struct sim_contacts *sim_contacts_free(struct sim_contacts *contacts)
{
    if (contacts && contacts->fd >= 0)
        close(contacts->fd);
    free(contacts);
    return NULL;
}

/* The board of that number, or the place of a new one; NULL when all are taken. */
static struct board *find(struct sim_contacts *contacts, const uint8_t *number)
{
    static const struct board none;
    for (size_t i = 0; i < BOARDS_MOST; i++) {
        struct board *board = &contacts->boards[i];
        if (memcmp(board->number, number, sizeof board->number) == 0 ||
            memcmp(board->number, none.number, sizeof board->number) == 0)
            return board;
    }
    return NULL;
}

static void save(struct sim_contacts *contacts, const struct board *board)
{
    off_t at = (off_t)((size_t)(board - contacts->boards) * sizeof *board);
    ssize_t put = pwrite(contacts->fd, board, sizeof *board, at);
    if (put != (ssize_t)sizeof *board && !contacts->failed)
        log_warning("sim", "contacts of simulated boards are not kept: %s",
                    put < 0 ? strerror(errno) : "no space left");
    contacts->failed = put != (ssize_t)sizeof *board;
}

size_t sim_contacts_answer(struct sim_contacts *contacts, const uint8_t *request, size_t length,
                           uint8_t *answer)
{
    if (length != SIM_BOARD_ASK && length != SIM_BOARD_TELL)
        return 0;
    struct board *board = find(contacts, request);
    if (!board)
        return 0;
    if (length == SIM_BOARD_ASK) {
        memcpy(answer, board->contacts, SIM_BOARD_CONTACTS);
        return SIM_BOARD_CONTACTS;
    }
    uint8_t contact = request[SIM_BOARD_ASK];
    if (contact < SIM_BOARD_CONTACTS) {
        memcpy(board->number, request, sizeof board->number);
        board->contacts[contact] =
            request[SIM_BOARD_ASK + 1] ? SIM_CONTACT_CLOSED : SIM_CONTACT_OPEN;
        save(contacts, board);
    }
    return 0;
}
