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

static void open_session(struct mail_transfer *transfer, bool pop);

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
    transfer->busy = transfer->giving = false;
    transfer->done(transfer->user, &result);
}

/* It cannot be done now: `words` are set. */
static void put_off(struct mail_transfer *transfer)
{
    mail_link_close(&transfer->link);
    transfer->ready = false;
    transfer->pop_until = 0; /* a refusal may mean that the sign-in is forgotten */
    drop_secret(transfer);
    finish(transfer, NOTIFY_LATER, transfer->letter.done_with | transfer->session.never);
}

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

/* Half of what there is to say is worse than nothing: a lost command shifts the answers, a lost
 * piece is a damaged message. */
static void run_out(struct mail_transfer *transfer)
{
    mail_link_close(&transfer->link);
    snprintf(transfer->words, sizeof transfer->words,
             "there is not enough memory to send the mail");
    put_off_soon(transfer);
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

/* It may be why the server refuses; the next sign-in is with a new one. */
static void forget_token(struct mail_transfer *transfer)
{
    if (transfer->token)
        mail_token_forget(transfer->token);
}

/* The session is over. */
static void end(struct mail_transfer *transfer)
{
    const struct mail_session *session = &transfer->session;
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
    transfer->ready = session->went_well && transfer->letter.stay;
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
    open_session(transfer, false);
}

/* ---- the conversation ------------------------------------------------------------------------ */

/* What the server had said before it broke off may have decided already. */
static void break_off(struct mail_transfer *transfer)
{
    if (mail_session_lost(&transfer->session))
        end(transfer);
    else
        put_off(transfer);
}

static void on_silence(struct loop_timer *timer, void *user)
{
    struct mail_transfer *transfer = user;
    const struct mail_settings *settings = transfer->letter.settings;
    (void)timer;
    snprintf(transfer->words, sizeof transfer->words, "%.200s said nothing for %lld s",
             transfer->session.way.pop ? settings->pop_server : settings->server,
             (long long)(settings->timeout / CLOCK_S));
    mail_dialogue_note(&transfer->dialogue, "nothing more came");
    break_off(transfer);
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
    if (transfer->sent == message->length)
        buf_add_text(&piece, transfer->line_begins ? ".\r\n" : "\r\n.\r\n");
    if (piece.failed)
        run_out(transfer);
    else
        mail_link_write(&transfer->link, piece.data, piece.length);
    buf_deinit(&piece);
}

/* From its beginning, when it is there: the server waits for us now. */
static void begin_message(struct mail_transfer *transfer)
{
    if (!transfer->letter.message) {
        loop_timer_stop(&transfer->silence);
        return;
    }
    expect_answer(transfer);
    transfer->sent = 0;
    transfer->line_begins = transfer->giving = true;
    give_piece(transfer);
}

/* What the session wants next. */
static void go_on(struct mail_transfer *transfer)
{
    struct mail_session *session = &transfer->session;
    if (session->out.failed) {
        run_out(transfer);
        return;
    }
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
        begin_message(transfer);
        break;
    case MAIL_WANT_NOTHING:
        if (session->way.pop)
            end_pop(transfer);
        else
            end(transfer);
        break;
    }
}

/* A kept connection may be closed by the server at any moment: what has not been answered yet is
 * said again over a new one. False when it is not that. */
static bool begin_anew(struct mail_transfer *transfer)
{
    if (!transfer->busy || !transfer->kept)
        return false;
    transfer->kept = transfer->ready = false;
    loop_defer_cancel(&transfer->defer);
    mail_link_close(&transfer->link);
    open_session(transfer, false);
    return true;
}

/* A farewell of the server's to the letter before: 421 (RFC 5321, 3.8), or anything that is said
 * before we have said something. */
static bool is_old(const struct mail_transfer *transfer, const char *line, size_t length)
{
    return transfer->kept &&
           (transfer->session.out.length > 0 || (length >= 3 && memcmp(line, "421", 3) == 0));
}

/* It cannot be the answer to a message that it has not got: whatever it says, nothing is sent. */
static void fail_early(struct mail_transfer *transfer, const char *line, size_t length)
{
    mail_dialogue_theirs(&transfer->dialogue, line, length);
    snprintf(transfer->words, sizeof transfer->words, "%.200s did not wait for the message: %.200s",
             transfer->letter.settings->server, transfer->dialogue.answer);
    put_off(transfer);
}

static void on_line(void *user, const char *line, size_t length)
{
    struct mail_transfer *transfer = user;
    if (!transfer->busy) { /* 421 while it waited for the next letter */
        mail_transfer_cancel(transfer);
        return;
    }
    if (is_old(transfer, line, length)) {
        begin_anew(transfer);
        return;
    }
    transfer->kept = false;
    if (transfer->session.want == MAIL_WANT_CONTENT) {
        fail_early(transfer, line, length);
        return;
    }
    expect_answer(transfer);
    mail_session_take(&transfer->session, line, length);
    go_on(transfer);
}

static void on_written(void *user)
{
    struct mail_transfer *transfer = user;
    if (!transfer->busy)
        return;
    expect_answer(transfer);
    if (!transfer->giving)
        return;
    if (transfer->sent < transfer->letter.message->length) {
        give_piece(transfer);
        return;
    }
    transfer->giving = false;
    transfer->session.want = MAIL_WANT_LINE;
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
    if (!transfer->busy) {
        transfer->ready = false;
        return;
    }
    if (begin_anew(transfer))
        return;
    mail_dialogue_note(&transfer->dialogue, problem);
    snprintf(transfer->words, sizeof transfer->words, "%.200s, port %d: %.200s",
             session->way.pop ? settings->pop_server : settings->server,
             session->way.pop ? mail_pop_port(settings) : mail_port(settings), problem);
    break_off(transfer);
}

/* ---- beginning ------------------------------------------------------------------------------- */

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
                                     .length = letter->message ? letter->message->length : 0};
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
    snprintf(transfer->words, sizeof transfer->words, "there is no access token: %.400s",
             err->text);
    mail_dialogue_note(&transfer->dialogue, transfer->words);
    put_off(transfer);
}

static void open_session(struct mail_transfer *transfer, bool pop)
{
    const struct mail_settings *settings = transfer->letter.settings;
    const struct mail_session_way way = way_of(transfer, pop);
    /* from here on nothing is left of the letter before: a token may take its time */
    mail_session_begin(&transfer->session, &way, false, &transfer->dialogue);
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

static void on_again(struct loop_defer *defer, void *user)
{
    struct mail_transfer *transfer = user;
    (void)defer;
    expect_answer(transfer);
    go_on(transfer);
}

void mail_transfer_start(struct mail_transfer *transfer, const struct mail_letter *letter,
                         void (*done)(void *user, const struct mail_result *result), void *user)
{
    if (transfer->ready && transfer->dialogue.keep)
        hang_up(transfer);
    transfer->letter = *letter;
    transfer->done = done;
    transfer->user = user;
    transfer->busy = true;
    transfer->kept = transfer->giving = false;
    transfer->words[0] = '\0';
    mail_dialogue_begin(&transfer->dialogue);
    bool pop = *letter->settings->pop_server && loop_now(transfer->loop) >= transfer->pop_until;
    if (transfer->ready && !pop) {
        const struct mail_session_way way = way_of(transfer, false);
        transfer->kept = true;
        mail_session_again(&transfer->session, &way);
        loop_defer(transfer->loop, &transfer->defer, on_again, transfer);
        return;
    }
    mail_link_close(&transfer->link);
    transfer->ready = false;
    open_session(transfer, pop);
}

/* The connection is in the middle of a message: no farewell would be heard as one. */
static void on_too_large(struct loop_defer *defer, void *user)
{
    struct mail_transfer *transfer = user;
    (void)defer;
    mail_link_close(&transfer->link);
    end(transfer);
}

void mail_transfer_give(struct mail_transfer *transfer, const struct buf *message)
{
    transfer->letter.message = message;
    if (!mail_session_message(&transfer->session, message->length))
        loop_defer(transfer->loop, &transfer->defer, on_too_large, transfer);
    else if (transfer->session.want == MAIL_WANT_CONTENT)
        begin_message(transfer);
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
    transfer->ready = transfer->busy = transfer->giving = false;
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
