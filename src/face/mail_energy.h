/* mail_energy - what a report says about energy: this week and this month, by medium and group,
 * against the ones before, with cost and CO2.
 *
 * Asks the history by way of engine/energy. Loop thread only.
 */
#pragma once

#include "engine/energy.h"

/* More groups than this are left out: a mail is read. */
#define MAIL_ENERGY_ROWS 40

struct mail_energy_rows {
    struct mail_energy_row {
        char name[100], value[300];
    } list[MAIL_ENERGY_ROWS];
    size_t count;
};

struct mail_energy;

/* `done` is called once, never from inside this call, with rows that stay until it returns; none
 * when nothing is measured or the history cannot be asked. `history` and `site` are borrowed until
 * then, `config` until this returns. NULL without memory. */
struct mail_energy *mail_energy_start(struct loop *loop, struct history *history,
                                      const struct site *site, const struct config *config,
                                      clock_us now,
                                      void (*done)(void *user, const struct mail_energy_rows *rows),
                                      void *user);

/* `done` will not be called. Accepts NULL, returns NULL. */
struct mail_energy *mail_energy_cancel(struct mail_energy *energy);

/* The rows of one period; pure. */
void mail_energy_add(struct mail_energy_rows *rows, const struct energy_answer *answer);
