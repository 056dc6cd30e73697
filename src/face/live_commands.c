#include "face/live_commands.h"

#include <stdlib.h>
#include <string.h>

#include "face/command_json.h"

#define GATHERED                                                                                   \
    64 /* commands that change within a gap; of more it is said that there are more                \
        */

struct live_commands {
    struct loop *loop;
    struct commands *commands;
    const struct site *site;
    struct live *live;
    struct command_watch watch;
    struct loop_timer timer;
    clock_us sent; /* the last event */
    char ids[GATHERED][sizeof((struct command *)0)->id];
    size_t count;
    bool more;
};

/* {"commands":[summary],"more":false} */
static void write_event(const struct live_commands *news, struct buf *out)
{
    const struct command_view view = {
        .now = loop_now(news->loop), .wall = loop_wall(news->loop), .site = news->site};
    struct json json = json_writer(out);
    json_open_object(&json);
    json_key(&json, "commands");
    json_open_array(&json);
    for (size_t i = 0; i < news->count; i++) {
        const struct command *command = commands_find(news->commands, news->ids[i]);
        if (command)
            command_json_write_summary(&json, command, &view);
    }
    json_close_array(&json);
    json_pair_bool(&json, "more", news->more);
    json_close_object(&json);
}

static void on_time(struct loop_timer *timer, void *user)
{
    struct live_commands *news = user;
    struct buf text = BUF_EMPTY;
    (void)timer;
    write_event(news, &text);
    news->count = 0;
    news->more = false;
    news->sent = loop_now(news->loop);
    if (!text.failed)
        live_say(news->live, "commands", text.data, text.length);
    buf_deinit(&text);
}

static void on_changed(void *user, const struct command *command)
{
    struct live_commands *news = user;
    size_t i = 0;
    while (i < news->count && strcmp(news->ids[i], command->id) != 0)
        i++;
    if (i == GATHERED)
        news->more = true;
    else if (i == news->count)
        memcpy(news->ids[news->count++], command->id, sizeof command->id);
    if (loop_timer_running(&news->timer))
        return;
    /* Never from inside this call: the one who changes it has not finished. */
    clock_us now = loop_now(news->loop), due = news->sent + LIVE_COMMANDS_GAP;
    loop_timer_at(news->loop, &news->timer, due > now ? due : now, on_time, news);
}

struct live_commands *live_commands_new(struct loop *loop, struct commands *commands,
                                        const struct site *site, struct live *live)
{
    struct live_commands *news = calloc(1, sizeof *news);
    if (!news)
        return NULL;
    news->loop = loop;
    news->commands = commands;
    news->site = site;
    news->live = live;
    news->sent = loop_now(loop) - LIVE_COMMANDS_GAP;
    news->watch = (struct command_watch){.changed = on_changed, .user = news};
    commands_watch(commands, &news->watch);
    return news;
}

struct live_commands *live_commands_free(struct live_commands *news)
{
    if (!news)
        return NULL;
    commands_unwatch(news->commands, &news->watch);
    loop_timer_stop(&news->timer);
    free(news);
    return NULL;
}
