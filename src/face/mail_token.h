/* mail_token - the access token of a sign-in by XOAUTH2: out of a file that another program keeps
 * fresh, or printed by a program of the administrator's choosing.
 *
 * Both are read on the worker pool. The program is run without arguments, without a shell and with
 * nothing but PATH, HOME and LANG in its environment; it must belong to root or to busbar's own
 * user and be writable by nobody else, so that who may change settings cannot run what he likes. It
 * prints the token and, behind a blank or on the next line, for how many seconds it is good: so
 * long, less a margin, it is used again. Loop thread only.
 */
#pragma once

#include "base/err.h"
#include "base/loop.h"
#include "face/mail_settings.h"

struct mail_token;

/* `loop` is borrowed. NULL without memory. */
struct mail_token *mail_token_new(struct loop *loop);

/* A program that runs ends by itself, or is ended. Accepts NULL, returns NULL. */
struct mail_token *mail_token_free(struct mail_token *token);

/* `done` is called once, never from here: with the token, valid during the call, or NULL and `err`.
 * One question at a time. */
typedef void mail_token_fn(void *user, const char *token, const struct err *err);
void mail_token_get(struct mail_token *token, const struct mail_settings *settings,
                    mail_token_fn *done, void *user);

/* `done` is not called. Fine when nothing is asked. */
void mail_token_cancel(struct mail_token *token);

/* The server has refused it: the next question is for a new one. */
void mail_token_forget(struct mail_token *token);
