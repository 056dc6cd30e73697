/* mail_session_private - what the files of mail_session share; nobody else includes this.
 *
 * mail_session.c: from the greeting to the sign-in, and POP3. mail_session_envelope.c: sender,
 * recipients, DATA and the answer to the message.
 */
#pragma once

#include "face/mail_session.h"

/* ---- mail_session.c -------------------------------------------------------------------------- */

/* Append a line to `out`, and wait for the answer to it. `shown`: what people may see of it, NULL:
 * all. */
void mail_session_say(struct mail_session *session, enum mail_stage stage, const char *shown,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* `problem` becomes this sentence, behind the server's name. */
void mail_session_explain(struct mail_session *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "refuses the sender: " and what the server has said last. */
void mail_session_explain_refusal(struct mail_session *session);

void mail_session_end(struct mail_session *session, bool went_well);

/* ---- mail_session_envelope.c ----------------------------------------------------------------- */

void mail_session_begin_sender(struct mail_session *session);

/* The answer to what this stage is about, from MAIL_STAGE_SENDER on. */
void mail_session_take_envelope(struct mail_session *session, int code);
