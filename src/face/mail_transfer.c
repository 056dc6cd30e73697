#include "face/mail_transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Servers remember a POP3 sign-in for ten minutes or more; some are left for the mail. */
#define POP_COUNTS (300 * CLOCK_S)
/* Of the message, given to the link at once. */
#define PIECE (16u << 10)

static void begin_smtp(struct mail_transfer *transfer);

/* ---- secrets --------------------------------------------------------------------------------- */

static void drop_secret(struct mail_transfer *transfer)
{
    if (transfer->secret)
        explicit_bzero(transfer->secret, strlen(transfer->secret));
    free(transfer->secret);
    transfer->secret = NULL;
}

/* ---- ends ------------------------------------------------------------------------------------ */

static void finish(struct mail_transfer *transfer, enum notify_outcome outcome, mail_mask done_with)
{
    const struct mail_result result = {
        .outcome = outcome, .done_with = done_with, .words = transfer->words};
    loop_timer_stop(&transfer->silence);
    loop_defer_cancel(&transfer->defer);
    transfer->busy = false;
    transfer->done(transfer->user, &result);
}

/* It cannot be done now: `words` are set. */
static void put_off(struct mail_transfer *transfer)
{
    mail_link_close(&transfer->link);
    transfer->ready = transfer->preparing = false;
    loop_timer_stop(&transfer->silence);
    if (!transfer->busy) { /* it was ahead of its letter, which will meet the same */
        drop_secret(transfer);
        return;
    }
    transfer->pop_until = 0; /* a refusal may mean that the sign-in is forgotten */
    drop_secret(transfer);
    finish(transfer, NOTIFY_LATER, transfer->letter.done_with | transfer->session.never);
}

static void hang_up(struct mail_transfer *transfer)
{
    mail_link_farewell(&transfer->link, "QUIT\r\n");
    transfer->ready = false;
    drop_secret(transfer);
}

static void say_delivered(struct mail_transfer *transfer)
{
    const struct mail_session *session = &transfer->session;
    const char *server = transfer->letter.settings->server;
    if (session->refusal[0])
        snprintf(transfer->words, sizeof transfer->words,
                 "%.100s: %.150s, but a recipient was refused: %.180s", server,
                 transfer->dialogue.answer, session->refusal);
    else
        snprintf(transfer->words, sizeof transfer->words, "%.200s: %s", server,
                 transfer->dialogue.answer);
}

static void on_again(struct loop_defer *defer, void *user);

/* It may be why the server refuses; the next sign-in is with a new one. */
static void forget_token(struct mail_transfer *transfer)
{
    if (transfer->token)
        mail_token_forget(transfer->token);
}

/* Signed in, or not, ahead of the letter. */
static void end_preparing(struct mail_transfer *transfer)
{
    transfer->preparing = false;
    transfer->ready = transfer->session.went_well;
    loop_timer_stop(&transfer->silence);
    if (transfer->ready && transfer->busy) {
        on_again(NULL, transfer);
    } else if (!transfer->ready) {
        forget_token(transfer);
        snprintf(transfer->words, sizeof transfer->words, "%s", transfer->session.problem);
        hang_up(transfer);
        put_off(transfer);
    }
}

/* The session is over. */
static void end(struct mail_transfer *transfer)
{
    const struct mail_session *session = &transfer->session;
    if (transfer->preparing) {
        end_preparing(transfer);
        return;
    }
    mail_mask before = transfer->letter.done_with;
    mail_mask now = before | session->never | (session->went_well ? session->accepted : 0);
    bool all = session->asked && (now & session->asked) == session->asked;
    if (session->went_well)
        say_delivered(transfer);
    else
        snprintf(transfer->words, sizeof transfer->words, "%s", session->problem);
    if (!session->went_well)
        transfer->pop_until = 0;
    if (!session->signed_in)
        forget_token(transfer);
    transfer->ready = session->went_well && transfer->letter.more;
    if (!transfer->ready)
        hang_up(transfer);
    finish(transfer,
           !all                           ? NOTIFY_LATER
           : session->went_well || before ? NOTIFY_DELIVERED
                                          : NOTIFY_NEVER,
           now);
}

static void end_pop(struct mail_transfer *transfer)
{
    if (!transfer->session.went_well) {
        snprintf(transfer->words, sizeof transfer->words, "%s", transfer->session.problem);
        hang_up(transfer);
        put_off(transfer);
        return;
    }
    transfer->pop_until = loop_now(transfer->loop) + POP_COUNTS;
    hang_up(transfer);
    begin_smtp(transfer);
}

/* ---- the conversation ------------------------------------------------------------------------ */

static void on_silence(struct loop_timer *timer, void *user)
{
    struct mail_transfer *transfer = user;
    const struct mail_settings *settings = transfer->letter.settings;
    (void)timer;
    snprintf(transfer->words, sizeof transfer->words, "%.200s said nothing for %lld s",
             transfer->session.way.pop ? settings->pop_server : settings->server,
             (long long)(settings->timeout / CLOCK_S));
    mail_dialogue_note(&transfer->dialogue, "nothing more came");
    put_off(transfer);
}

static void expect_answer(struct mail_transfer *transfer)
{
    loop_timer_at(transfer->loop, &transfer->silence,
                  loop_now(transfer->loop) + transfer->letter.settings->timeout, on_silence,
                  transfer);
}

/* A piece of the message, with the dots of RFC 5321, 4.5.2. */
static void give_piece(struct mail_transfer *transfer)
{
    const struct buf *message = transfer->letter.message;
    const char *at = message->data + transfer->sent;
    size_t left = message->length - transfer->sent, length = left < PIECE ? left : PIECE;
    struct buf piece = BUF_EMPTY;
    for (size_t i = 0; i < length; i++) {
        if (transfer->line_begins && at[i] == '.')
            buf_add_char(&piece, '.');
        buf_add_char(&piece, at[i]);
        transfer->line_begins = at[i] == '\n';
    }
    transfer->sent += length;
    if (transfer->sent == message->length) {
        buf_add_text(&piece, transfer->line_begins ? ".\r\n" : "\r\n.\r\n");
        transfer->dotted = true;
        transfer->session.want = MAIL_WANT_LINE;
    }
    mail_link_write(&transfer->link, piece.data, piece.length);
    buf_deinit(&piece);
}

/* What the session wants next. */
static void go_on(struct mail_transfer *transfer)
{
    struct mail_session *session = &transfer->session;
    if (session->out.length) {
        mail_link_write(&transfer->link, session->out.data, session->out.length);
        explicit_bzero(session->out.data, session->out.length);
        buf_clear(&session->out);
    }
    switch (session->want) {
    case MAIL_WANT_LINE:
        break;
    case MAIL_WANT_TLS:
        mail_link_encrypt(&transfer->link, transfer->letter.settings->ca);
        break;
    case MAIL_WANT_CONTENT:
        transfer->sent = 0;
        transfer->line_begins = true;
        transfer->dotted = false;
        give_piece(transfer);
        break;
    case MAIL_WANT_NOTHING:
        if (session->way.pop)
            end_pop(transfer);
        else
            end(transfer);
        break;
    }
}

static void on_line(void *user, const char *line, size_t length)
{
    struct mail_transfer *transfer = user;
    if (!transfer->busy && !transfer->preparing) { /* 421 while it waited for the next message */
        mail_transfer_cancel(transfer);
        return;
    }
    expect_answer(transfer);
    mail_session_take(&transfer->session, line, length);
    if (transfer->session.want != MAIL_WANT_LINE || transfer->session.out.length)
        go_on(transfer);
}

static void on_written(void *user)
{
    struct mail_transfer *transfer = user;
    if (!transfer->busy && !transfer->preparing)
        return;
    expect_answer(transfer);
    if (transfer->session.stage == MAIL_STAGE_CONTENT && !transfer->dotted)
        give_piece(transfer);
}

static int64_t security_of(const struct mail_transfer *transfer)
{
    const struct mail_settings *settings = transfer->letter.settings;
    return transfer->session.way.pop ? settings->pop_security : settings->security;
}

/* A connection, or encryption. With tls from the first byte on the first is followed by the second.
 */
static void on_opened(void *user)
{
    struct mail_transfer *transfer = user;
    struct mail_session *session = &transfer->session;
    expect_answer(transfer);
    if (session->want == MAIL_WANT_TLS) {
        if (security_of(transfer) == MAIL_TLS) {
            mail_dialogue_note(&transfer->dialogue, "encrypted");
            session->encrypted = true;
            session->want = MAIL_WANT_LINE;
        } else {
            mail_session_encrypted(session);
        }
    } else {
        mail_dialogue_note(&transfer->dialogue, "connected");
        session->want = security_of(transfer) == MAIL_TLS ? MAIL_WANT_TLS : MAIL_WANT_LINE;
    }
    go_on(transfer);
}

static void on_failed(void *user, const char *problem)
{
    struct mail_transfer *transfer = user;
    const struct mail_session *session = &transfer->session;
    const struct mail_settings *settings = transfer->letter.settings;
    if (!transfer->busy && !transfer->preparing) {
        transfer->ready = false;
        return;
    }
    mail_dialogue_note(&transfer->dialogue, problem);
    snprintf(transfer->words, sizeof transfer->words, "%.200s, port %d: %.200s",
             session->way.pop ? settings->pop_server : settings->server,
             session->way.pop ? mail_pop_port(settings) : mail_port(settings), problem);
    put_off(transfer);
}

/* ---- beginning ------------------------------------------------------------------------------- */

static void on_defer(struct loop_defer *defer, void *user)
{
    (void)defer;
    put_off(user);
}

/* `done` must not be called from inside the start. */
static void put_off_soon(struct mail_transfer *transfer)
{
    loop_defer(transfer->loop, &transfer->defer, on_defer, transfer);
}

static struct mail_session_way way_of(const struct mail_transfer *transfer, bool pop)
{
    const struct mail_letter *letter = &transfer->letter;
    return (struct mail_session_way){.settings = letter->settings,
                                     .pop = pop,
                                     .host = letter->host,
                                     .secret = transfer->secret,
                                     .from = letter->from,
                                     .to = letter->to,
                                     .done_with = letter->done_with,
                                     .length = letter->message ? letter->message->length : 0,
                                     .ahead = transfer->preparing};
}

static void connect_to(struct mail_transfer *transfer, bool pop)
{
    const struct mail_settings *settings = transfer->letter.settings;
    const char *server = pop ? settings->pop_server : settings->server;
    const struct mail_session_way way = way_of(transfer, pop);
    mail_session_begin(&transfer->session, &way, false, &transfer->dialogue);
    char words[400];
    snprintf(words, sizeof words, "to %.250s, port %d", server,
             pop ? mail_pop_port(settings) : mail_port(settings));
    mail_dialogue_note(&transfer->dialogue, words);
    if (mail_link_open(&transfer->link, server,
                       pop ? mail_pop_port(settings) : mail_port(settings)) == 0) {
        expect_answer(transfer);
        return;
    }
    snprintf(transfer->words, sizeof transfer->words, "%.200s cannot be looked up", server);
    put_off_soon(transfer);
}

static void on_token(void *user, const char *token, const struct err *err)
{
    struct mail_transfer *transfer = user;
    if (token) {
        transfer->secret = mem_text(token);
        connect_to(transfer, false);
        return;
    }
    const struct mail_session_way way = way_of(transfer, false);
    mail_session_begin(&transfer->session, &way, false, &transfer->dialogue);
    snprintf(transfer->words, sizeof transfer->words, "there is no access token: %.400s",
             err->text);
    mail_dialogue_note(&transfer->dialogue, transfer->words);
    put_off(transfer);
}

static void open_session(struct mail_transfer *transfer, bool pop)
{
    const struct mail_settings *settings = transfer->letter.settings;
    drop_secret(transfer);
    if (pop || settings->auth != MAIL_AUTH_XOAUTH2) {
        transfer->secret = mem_text(pop ? settings->pop_password : settings->password);
        connect_to(transfer, pop);
        return;
    }
    if (!transfer->token)
        transfer->token = mail_token_new(transfer->loop);
    if (transfer->token) {
        mail_token_get(transfer->token, settings, on_token, transfer);
        return;
    }
    snprintf(transfer->words, sizeof transfer->words, "out of memory");
    put_off_soon(transfer);
}

static void begin_smtp(struct mail_transfer *transfer)
{
    open_session(transfer, false);
}

static void on_again(struct loop_defer *defer, void *user)
{
    struct mail_transfer *transfer = user;
    (void)defer;
    if (!transfer->ready) { /* closed since */
        begin_smtp(transfer);
        return;
    }
    const struct mail_session_way way = way_of(transfer, false);
    expect_answer(transfer);
    mail_session_again(&transfer->session, &way);
    go_on(transfer);
}

void mail_transfer_start(struct mail_transfer *transfer, const struct mail_letter *letter,
                         void (*done)(void *user, const struct mail_result *result), void *user)
{
    transfer->letter = *letter;
    transfer->done = done;
    transfer->user = user;
    transfer->busy = true;
    transfer->words[0] = '\0';
    mail_dialogue_begin(&transfer->dialogue);
    if (transfer->preparing)
        return; /* and goes on with it when it is signed in */
    bool pop = *letter->settings->pop_server && loop_now(transfer->loop) >= transfer->pop_until;
    if (transfer->ready && !pop) {
        loop_defer(transfer->loop, &transfer->defer, on_again, transfer);
        return;
    }
    mail_link_close(&transfer->link);
    transfer->ready = false;
    open_session(transfer, pop);
}

void mail_transfer_prepare(struct mail_transfer *transfer, const struct mail_letter *letter)
{
    if (transfer->busy || transfer->ready || transfer->preparing || *letter->settings->pop_server)
        return;
    transfer->letter = *letter;
    transfer->preparing = true;
    mail_dialogue_begin(&transfer->dialogue);
    mail_link_close(&transfer->link);
    open_session(transfer, false);
}

void mail_transfer_cancel(struct mail_transfer *transfer)
{
    loop_timer_stop(&transfer->silence);
    loop_defer_cancel(&transfer->defer);
    if (transfer->token)
        mail_token_cancel(transfer->token);
    if (transfer->ready && !transfer->busy)
        hang_up(transfer);
    mail_link_close(&transfer->link);
    transfer->ready = transfer->busy = transfer->preparing = false;
    drop_secret(transfer);
}

void mail_transfer_init(struct mail_transfer *transfer, struct loop *loop)
{
    *transfer = (struct mail_transfer){
        .loop = loop, .silence = LOOP_TIMER_EMPTY, .defer = LOOP_DEFER_EMPTY};
    mail_link_init(&transfer->link, loop,
                   &(struct mail_link_user){.opened = on_opened,
                                            .line = on_line,
                                            .written = on_written,
                                            .failed = on_failed,
                                            .user = transfer});
}

void mail_transfer_deinit(struct mail_transfer *transfer)
{
    mail_transfer_cancel(transfer);
    transfer->token = mail_token_free(transfer->token);
    mail_link_deinit(&transfer->link);
    mail_session_deinit(&transfer->session);
    mail_dialogue_deinit(&transfer->dialogue);
}
