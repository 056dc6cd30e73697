/* nut_verbs - what nut_answer.c (verbs) and nut_read.c (GET, LIST) share; nobody else includes
 * this.
 */
#pragma once

#include "face/nut_private.h"

/* A line that is being answered. */
struct asking {
    struct nut_client *client;
    const struct nut_line *line;
    struct buf out;
    const char *error; /* its code; NULL: answered */
    struct err err;    /* a sentence behind it, "" */
};

struct nut_verb {
    const char *name;
    size_t least, most; /* words, the verb's included */
    bool open;          /* may be asked without the right to look */
    void (*fn)(struct asking *asking);
};

/* ---- nut_answer.c ---------------------------------------------------------------------------- */

const char *asking_word(const struct asking *asking, size_t index);
void asking_add_line(struct asking *asking, const char *text);
/* ERR and this code in place of what was written. */
void asking_refuse(struct asking *asking, const char *code);
const struct nut_model *asking_model(const struct asking *asking);

/* The ups that word `index` names and this client may see; else NULL, refused. */
struct nut_ups *asking_ups(struct asking *asking, size_t index);
/* The same of a ups whose values count now. */
struct nut_ups *asking_live(struct asking *asking, size_t index);

/* Whether somebody with this role has signed in; else refused. */
bool asking_needs(struct asking *asking, enum access_role role);

/* An id of a command as clients want it, a UUID: version 8 of RFC 9562, our own bits in front and
 * at the end; and back. False when it is none of ours. */
#define NUT_TRACKING 37
bool nut_tracking_parse(const char *text, char id[NUT_TRACKING]);

/* ---- nut_read.c ------------------------------------------------------------------------------ */

/* Whether the ups of word 2 has the variable of word 3. */
bool nut_has_var(struct asking *asking);

extern const struct nut_verb nut_gets[], nut_lists[];
extern const size_t nut_get_count, nut_list_count;
