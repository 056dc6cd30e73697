#include "engine/load_settings.h"

#include <errno.h>
#include <string.h>

#include "engine/outlet_groups.h"
#include "model/component.h"
#include "model/limits.h"

#define LIST_MOST 8000 /* bytes */

static const char *const units[] = {"A", "W", NULL};

#define FIELD(name) .offset = offsetof(struct load_settings, name)

static const struct setting_row rows[] = {
    {.key = "label",
     .type = SETTING_TEXT,
     FIELD(label),
     .max = 64,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "What the budget is called; empty is its name."},
    {.key = "of",
     .type = SETTING_TEXT,
     FIELD(of),
     .min = 1,
     .max = LIMIT_PATH,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "What may not carry more: a component such as pdu-a/circuit-1, pdu-a/phase-b or "
             "pdu-a/total, or site."},
    {.key = "limit",
     .type = SETTING_NUMBER,
     FIELD(limit),
     .min = 0.001,
     .max = 1e9,
     .required = true,
     .right = ROLE_ADMINISTRATOR,
     .help = "The most it may carry."},
    {.key = "unit",
     .type = SETTING_CHOICE,
     FIELD(unit),
     .choices = units,
     .initial = "A",
     .right = ROLE_ADMINISTRATOR,
     .help = "Of limit and hysteresis: A or W."},
    {.key = "measured",
     .type = SETTING_TEXT,
     FIELD(measured),
     .max = LIST_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Points whose sum is the load, with a comma between, as in meter-1/total/real-power; "
             "empty: the current or real power of what the budget is of, else the sum of its "
             "outlets."},
    {.key = "members",
     .type = SETTING_TEXT,
     FIELD(members),
     .max = LIST_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Outlets that draw from it, with a comma between, * for any letters; empty: those "
             "that it feeds, and of the site all."},
    {.key = "refuse_unknown",
     .type = SETTING_BOOL,
     FIELD(refuse_unknown),
     .initial = "true",
     .right = ROLE_ADMINISTRATOR,
     .help = "Whether switching on is refused while the load cannot be told; else it is allowed "
             "unchecked."},
    {.key = "hysteresis",
     .type = SETTING_NUMBER,
     FIELD(hysteresis),
     .max = 1e9,
     .initial = "0",
     .right = ROLE_ADMINISTRATOR,
     .help = "Once outlets are being switched off, it goes on until the load is so far below the "
             "limit."},
    {.key = "shed",
     .type = SETTING_TEXT,
     FIELD(shed),
     .max = LIST_MOST,
     .initial = "",
     .right = ROLE_ADMINISTRATOR,
     .help = "Outlets that are switched off when the load is over the limit, one after the other "
             "in this order; they stay off. Empty: none is."},
    {.key = "shed_after",
     .type = SETTING_DURATION,
     FIELD(shed_after),
     .min = 1,
     .max = 3600,
     .initial = "10 s",
     .right = ROLE_ADMINISTRATOR,
     .help = "How long the load must be over the limit before the first outlet goes off, and "
             "again before the next."},
};

static int check_of(const char *of, struct err *err)
{
    enum component_kind kind;
    int number;
    const char *slash = strchr(of, '/');
    if (strcmp(of, "site") == 0 ||
        (slash && slash > of && component_parse(slash + 1, strlen(slash + 1), &kind, &number)))
        return 0;
    return err_set(err, -EINVAL,
                   "must be site or a component such as pdu-a/circuit-1 or pdu-a/phase-b, not "
                   "\"%.60s\"",
                   of);
}

static int check_measured(const char *list, struct err *err)
{
    size_t length;
    for (const char *word; (word = outlet_list_next(&list, &length));) {
        const char *first = memchr(word, '/', length);
        if (!first || !memchr(first + 1, '/', length - (size_t)(first + 1 - word)) ||
            memchr(word, '*', length))
            return err_set(err, -EINVAL,
                           "\"%.*s\" is no point: write device/component/quantity, as in "
                           "meter-1/total/current",
                           (int)(length < 60 ? length : 60), word);
    }
    return 0;
}

static int check(const struct config *config, const void *record, const char **key, struct err *err)
{
    const struct load_settings *budget = record;
    *key = "of";
    if (check_of(budget->of, err) < 0)
        return err->code;
    *key = "measured";
    if (check_measured(budget->measured, err) < 0)
        return err->code;
    *key = "members";
    if (*budget->members && outlet_list_check(config, budget->members, err) < 0)
        return err->code;
    *key = "shed";
    if (*budget->shed && outlet_list_check(config, budget->shed, err) < 0)
        return err->code;
    *key = "hysteresis";
    if (budget->hysteresis >= budget->limit)
        return err_set(err, -EINVAL, "must be less than the limit");
    return 0;
}

const struct setting_table load_settings_table = {
    .name = "budgets",
    .label = "Load budgets",
    .help = "How much circuits, phases and the site may carry: what would be more is not switched "
            "on.",
    .collection = true,
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .record_size = sizeof(struct load_settings),
    .check = check,
};
