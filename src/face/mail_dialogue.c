#include "face/mail_dialogue.h"

#include <string.h>

#include "base/utf8.h"

#define TEXT_MOST (32u << 10)
#define LINE_MOST 500
#define WORDS_MOST 8000 /* notify keeps no more */

void mail_dialogue_begin(struct mail_dialogue *dialogue)
{
    dialogue->answer[0] = '\0';
    dialogue->text.limit = TEXT_MOST;
    buf_clear(&dialogue->text);
}

void mail_dialogue_deinit(struct mail_dialogue *dialogue)
{
    buf_deinit(&dialogue->text);
    *dialogue = MAIL_DIALOGUE_EMPTY;
}

/* What fits of a line, with "?" for bytes that are no text; its length. */
static size_t clean(char *to, size_t room, const char *line, size_t length)
{
    size_t used = 0;
    while (length > 0) {
        size_t one = utf8_length(line, length);
        bool text = one > 0 && (unsigned char)*line >= 0x20 && *line != 0x7f;
        one = text ? one : 1;
        if (used + one > room)
            break;
        if (text)
            memcpy(to + used, line, one);
        else
            to[used] = *line == '\t' ? ' ' : '?';
        used += one;
        line += one;
        length -= one;
    }
    return used;
}

static void add_line(struct mail_dialogue *dialogue, char sign, const char *line, size_t length)
{
    char text[LINE_MOST];
    if (!dialogue->keep || dialogue->text.length + LINE_MOST + 3 > TEXT_MOST)
        return;
    buf_add_char(&dialogue->text, sign);
    buf_add_char(&dialogue->text, ' ');
    buf_add(&dialogue->text, text, clean(text, sizeof text, line, length));
    buf_add_char(&dialogue->text, '\n');
}

void mail_dialogue_ours(struct mail_dialogue *dialogue, const char *shown)
{
    add_line(dialogue, '>', shown, strlen(shown));
}

void mail_dialogue_note(struct mail_dialogue *dialogue, const char *words)
{
    add_line(dialogue, '*', words, strlen(words));
}

void mail_dialogue_theirs(struct mail_dialogue *dialogue, const char *line, size_t length)
{
    add_line(dialogue, '<', line, length);
    size_t used = clean(dialogue->answer, sizeof dialogue->answer - 1, line, length);
    dialogue->answer[used] = '\0';
}

const char *mail_dialogue_words(const struct mail_dialogue *dialogue, const char *words,
                                struct buf *room)
{
    size_t first = strcspn(words, "\r\n");
    if (!dialogue->keep)
        return words;
    room->limit = WORDS_MOST;
    buf_add(room, words, first);
    buf_add_char(room, '\n');
    /* of a long one the beginning */
    size_t left = WORDS_MOST - 1 - room->length;
    const char *text = dialogue->text.length ? dialogue->text.data : "";
    size_t length = utf8_fit(text, dialogue->text.length, left);
    buf_add(room, text, length);
    return room->failed ? words : buf_text(room);
}
