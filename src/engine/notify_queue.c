#include "engine/notify_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

struct notify_entry *notify_entry_new(const struct notice *notice, uint64_t id)
{
    static const struct {
        size_t offset, most;
    } texts[] = {
        {offsetof(struct notice, rule), NOTIFY_NAME_MOST},
        {offsetof(struct notice, path), NOTIFY_NAME_MOST},
        {offsetof(struct notice, label), NOTIFY_NAME_MOST},
        {offsetof(struct notice, unit), NOTIFY_NAME_MOST},
        {offsetof(struct notice, actor), NOTIFY_NAME_MOST},
        {offsetof(struct notice, origin), NOTIFY_NAME_MOST},
        {offsetof(struct notice, subject), NOTIFY_SUBJECT_MOST},
        {offsetof(struct notice, text), NOTIFY_TEXT_MOST},
        {offsetof(struct notice, recipients), NOTIFY_RECIPIENTS_MOST},
    };
    enum { TEXTS = sizeof texts / sizeof *texts };
    size_t lengths[TEXTS], total = sizeof(struct notify_entry);
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = *(const char *const *)((const char *)notice + texts[i].offset);
        total += (lengths[i] = text ? utf8_fit(text, strlen(text), texts[i].most) : 0) + 1;
    }
    struct notify_entry *entry = malloc(total);
    if (!entry)
        return NULL;
    *entry = (struct notify_entry){.id = id, .bytes = total, .notice = *notice};
    entry->notice.id = id;
    char *at = (char *)(entry + 1);
    for (size_t i = 0; i < TEXTS; i++) {
        const char **place = (const char **)((char *)&entry->notice + texts[i].offset);
        if (lengths[i] > 0)
            memcpy(at, *place, lengths[i]);
        at[lengths[i]] = '\0';
        *place = at;
        at += lengths[i] + 1;
    }
    return entry;
}

void notify_list_add(struct notify_list *list, struct notify_entry *entry)
{
    entry->next = NULL;
    if (list->first)
        list->last->next = entry;
    else
        list->first = entry;
    list->last = entry;
}

struct notify_entry *notify_list_take(struct notify_list *list)
{
    struct notify_entry *entry = list->first;
    if (entry)
        list->first = entry->next;
    return entry;
}

void notify_queue_add(struct notify_queue *queue, struct notify_entry *entry)
{
    notify_list_add(&queue->lists[entry->notice.severity], entry);
    queue->count++;
}

struct notify_entry *notify_queue_first(const struct notify_queue *queue, enum alarm_severity least)
{
    struct notify_entry *first = NULL;
    for (int severity = (int)least; severity < ALARM_SEVERITIES; severity++) {
        struct notify_entry *one = queue->lists[severity].first;
        if (one && (!first || one->id < first->id))
            first = one;
    }
    return first;
}

struct notify_entry *notify_queue_take_of(struct notify_queue *queue, enum alarm_severity severity)
{
    struct notify_entry *entry = notify_list_take(&queue->lists[severity]);
    queue->count -= entry != NULL;
    return entry;
}

struct notify_entry *notify_queue_take(struct notify_queue *queue, enum alarm_severity least)
{
    const struct notify_entry *first = notify_queue_first(queue, least);
    return first ? notify_queue_take_of(queue, first->notice.severity) : NULL;
}
