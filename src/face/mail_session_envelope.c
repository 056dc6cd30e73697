/* From the sender to the answer to the message: what is said, in one go or one by one, and which
 * answer is whose. */
#include <string.h>

#include "face/mail_session_private.h"

/* ---- what answers mean ----------------------------------------------------------------------- */

/* RFC 3463, 3.8: a matter of rights or rules, which people can change. Old servers say it in words.
 */
static bool is_policy(const char *answer)
{
    const char *status = strlen(answer) > 4 ? answer + 4 : "";
    return strncmp(status, "5.7.", 4) == 0 || strcasestr(answer, "relay") ||
           strcasestr(answer, "authent");
}

enum notify_outcome mail_session_meaning(enum mail_stage stage, int code, const char *answer)
{
    if (code >= 200 && code < 300)
        return NOTIFY_DELIVERED;
    if (code < 500)
        return NOTIFY_LATER;
    /* RFC 1870, 6.1: too large is said about the sender already. */
    if (stage == MAIL_STAGE_CONTENT || (stage == MAIL_STAGE_SENDER && code == 552))
        return NOTIFY_NEVER;
    /* RFC 4954, 6: 530 and 535 are about the sign-in, whenever they are said. */
    if (stage == MAIL_STAGE_RECIPIENT && code != 530 && code != 535 && !is_policy(answer))
        return NOTIFY_NEVER;
    return NOTIFY_LATER;
}

/* ---- what is said ---------------------------------------------------------------------------- */

/* The address of a bit that is to be asked about, from `from` on; -1 when there are no more. */
static int find_address(const struct mail_session *session, int from, const char **address,
                        size_t *length)
{
    const char *at = session->way.to;
    for (int bit = 0; bit < MAIL_ADDRESSES_MOST; bit++) {
        *length = mail_address_next(&at, address);
        if (!*length)
            return -1;
        if (bit >= from && !(session->way.done_with >> bit & 1) &&
            mail_address_valid(*address, *length))
            return bit;
    }
    return -1;
}

/* The message will not be sent. What was said in one go is answered all the same, and who hangs up
 * on these answers breaks into the server's sentence; a server that says 421 says no more. */
static void decide(struct mail_session *session, bool more_follows)
{
    session->accepted = 0;
    session->decided = true;
    if (!session->in_one || !more_follows)
        mail_session_end(session, false);
}

static void refuse(struct mail_session *session, int code, bool more_follows)
{
    const char *answer = session->dialogue->answer;
    if (mail_session_meaning(session->stage, code, answer) == NOTIFY_NEVER)
        session->never |= session->asked;
    mail_session_explain_refusal(session);
    decide(session, more_follows);
}

static void say_sender(struct mail_session *session)
{
    if (session->offers_size && session->way.length)
        mail_session_say(session, MAIL_STAGE_SENDER, NULL, "MAIL FROM:<%.254s> SIZE=%zu",
                         session->way.from, session->way.length);
    else
        mail_session_say(session, MAIL_STAGE_SENDER, NULL, "MAIL FROM:<%.254s>", session->way.from);
}

static void say_recipient(struct mail_session *session, const char *address, size_t length)
{
    mail_session_say(session, MAIL_STAGE_RECIPIENT, NULL, "RCPT TO:<%.*s>", (int)length, address);
}

static void say_data(struct mail_session *session)
{
    mail_session_say(session, MAIL_STAGE_DATA, NULL, "DATA");
}

/* RFC 2920, 3.1: DATA is the last of a group. */
static void say_in_one(struct mail_session *session)
{
    const char *address;
    size_t length;
    say_sender(session);
    for (int bit = -1; (bit = find_address(session, bit + 1, &address, &length)) >= 0;)
        say_recipient(session, address, length);
    say_data(session);
    session->stage = MAIL_STAGE_SENDER; /* whose answer comes first */
}

static bool is_too_large(struct mail_session *session)
{
    if (!session->most || session->way.length <= session->most)
        return false;
    session->never |= session->asked;
    session->accepted = 0;
    mail_session_explain(session, "takes at most %llu bytes, and this message has %zu",
                         (unsigned long long)session->most, session->way.length);
    mail_session_end(session, false);
    return true;
}

void mail_session_begin_sender(struct mail_session *session)
{
    const char *address;
    size_t length;
    session->signed_in = true;
    session->in_one = session->offers_pipelining;
    session->decided = false;
    session->asked = session->accepted = session->never = 0;
    for (int bit = -1; (bit = find_address(session, bit + 1, &address, &length)) >= 0;)
        session->asked |= (mail_mask)1 << bit;
    if (!session->asked) {
        mail_session_explain(session,
                             "was not asked: there is no address that mail can be sent to");
        mail_session_end(session, false);
        return;
    }
    if (is_too_large(session))
        return;
    if (session->in_one)
        say_in_one(session);
    else
        say_sender(session);
}

/* What follows when all before has been answered. */
static void next_recipient(struct mail_session *session, int from)
{
    const char *address;
    size_t length;
    session->bit = find_address(session, from, &address, &length);
    if (session->bit >= 0) {
        session->stage = MAIL_STAGE_RECIPIENT;
        if (!session->in_one)
            say_recipient(session, address, length);
        return;
    }
    if (!session->accepted && !session->decided) {
        mail_session_explain(session, "refuses the recipient: %s", session->refusal);
        decide(session, true);
    }
    if (session->stage == MAIL_STAGE_OVER)
        return;
    session->stage = MAIL_STAGE_DATA;
    if (!session->in_one)
        say_data(session);
}

static void take_recipient(struct mail_session *session, int code)
{
    const char *answer = session->dialogue->answer;
    mail_mask bit = (mail_mask)1 << session->bit;
    enum notify_outcome meaning = mail_session_meaning(MAIL_STAGE_RECIPIENT, code, answer);
    if (session->decided)
        meaning = NOTIFY_LATER; /* it is about a sender that was refused */
    else if (meaning == NOTIFY_DELIVERED)
        session->accepted |= bit;
    else if (!session->refusal[0])
        memcpy(session->refusal, answer, sizeof session->refusal);
    if (meaning == NOTIFY_NEVER)
        session->never |= bit;
    next_recipient(session, session->bit + 1);
}

/* RFC 2920, 3.1: a server may take DATA though it has refused every recipient. Then it gets a
 * message of nothing, and whatever it says to that, nothing has been sent. */
static void take_data(struct mail_session *session, int code)
{
    bool fine = code == 354; /* nothing else may be followed by a message */
    if (session->decided && fine) {
        mail_session_say(session, MAIL_STAGE_CONTENT, NULL, ".");
    } else if (session->decided) {
        mail_session_end(session, false);
    } else if (fine) {
        mail_dialogue_note(session->dialogue, "the message");
        session->stage = MAIL_STAGE_CONTENT;
        session->want = MAIL_WANT_CONTENT;
    } else {
        refuse(session, code, false);
    }
}

/* ---- whose answer it is ---------------------------------------------------------------------- */

static void take_sender(struct mail_session *session, int code)
{
    if (code >= 300)
        refuse(session, code, true);
    if (session->stage != MAIL_STAGE_OVER)
        next_recipient(session, 0);
}

/* The message has got its answer, or the nothing that was sent in its place. */
static void take_content(struct mail_session *session, int code)
{
    if (code >= 300 && !session->decided)
        refuse(session, code, false);
    else
        mail_session_end(session, !session->decided);
}

/* RFC 5321, 3.8: 421 may answer anything. */
static void take_farewell(struct mail_session *session)
{
    if (session->decided)
        mail_session_end(session, false);
    else
        refuse(session, 421, false);
}

void mail_session_take_envelope(struct mail_session *session, int code)
{
    if (code == 421)
        take_farewell(session);
    else if (session->stage == MAIL_STAGE_SENDER)
        take_sender(session, code);
    else if (session->stage == MAIL_STAGE_RECIPIENT)
        take_recipient(session, code);
    else if (session->stage == MAIL_STAGE_DATA)
        take_data(session, code);
    else if (session->stage == MAIL_STAGE_CONTENT)
        take_content(session, code);
}

/* ---- public ---------------------------------------------------------------------------------- */

bool mail_session_message(struct mail_session *session, size_t length)
{
    bool said = session->stage >= MAIL_STAGE_SENDER && session->stage != MAIL_STAGE_OVER;
    session->way.length = length;
    return !said || session->decided || !is_too_large(session);
}

bool mail_session_lost(struct mail_session *session)
{
    if (session->decided)
        mail_session_end(session, false);
    return session->decided;
}
