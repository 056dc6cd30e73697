/* What alarms drive: outputs and outlets that are on (or off) while one of their alarms holds.
 *
 *   - Several alarms of one output are joined: it is driven while any of them holds. Where one
 * wants it on and another off, off wins.
 *   - It is asked for once when that begins and once when it ends; who switches by hand in between
 * is right until then.
 *   - What the door refuses, or the hardware does not do, is asked for again while it is wanted,
 * and at once when its device is back.
 *   - While an alarm flaps its outputs stay driven: a relay is no metronome.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "engine/alarm_private.h"
#include "engine/event_log.h"
#include "engine/outlet_groups.h"

/* What is refused is asked for again after 10 s, then ever more rarely. */
#define AGAIN_FIRST (10 * CLOCK_S)
#define AGAIN_MOST (600 * CLOCK_S)

enum drive { DRIVE_NONE, DRIVE_ON, DRIVE_OFF };

struct alarm_drive {
    struct alarm_drive *next;
    char path[LIMIT_PATH + 1];
    char rule[LIMIT_NAME + 1]; /* that wants it, or wanted it last */
    uint8_t want, is;          /* enum drive */
    clock_us again;            /* monotonic; 0: nothing failed */
    clock_us wait;             /* until `again`, doubled each time; 0: nothing failed */
    clock_us failed;           /* when it did last */
    char command[24];          /* the last one, while it is under way */
    uint8_t before;            /* what it was before that */
    char problem[200];         /* told already */
};

/* ---- who wants what ---------------------------------------------------------------------------- */

static struct alarm_drive *drive_of(struct alarms *alarms, const char *path, size_t length)
{
    struct alarm_drive *drive = alarms->drives;
    while (drive && (strlen(drive->path) != length || strncmp(drive->path, path, length) != 0))
        drive = drive->next;
    if (drive || length > LIMIT_PATH)
        return drive;
    drive = mem_new(sizeof *drive);
    memcpy(drive->path, path, length);
    drive->next = alarms->drives;
    alarms->drives = drive;
    return drive;
}

static void want(struct alarms *alarms, const struct alarm *alarm, const char *list,
                 enum drive wanted)
{
    size_t length;
    for (const char *word; (word = outlet_list_next(&list, &length));) {
        struct alarm_drive *drive = drive_of(alarms, word, length);
        if (!drive || drive->want == DRIVE_OFF)
            continue;
        drive->want = (uint8_t)wanted;
        snprintf(drive->rule, sizeof drive->rule, "%s", alarm->rule->name);
    }
}

static bool drives(const struct alarm *alarm)
{
    bool raised = alarm_judge_raised(&alarm->mind);
    switch (alarm->silence) {
    case ALARM_HEARD:
        return raised;
    case ALARM_FLAPPING:
        return true;
    case ALARM_CLOSED:
        return raised && alarm->told; /* nothing new is switched */
    default:
        return false;
    }
}

bool alarm_output_sounds(const struct alarm *alarm)
{
    return *alarm->rule->sounders && !alarm->seen && !alarm->muted && drives(alarm);
}

static void gather(struct alarms *alarms)
{
    for (struct alarm_drive *drive = alarms->drives; drive; drive = drive->next)
        drive->want = DRIVE_NONE;
    for (uint32_t i = 0; i < alarms->table.count; i++) {
        const struct alarm *alarm = &alarms->table.list[i];
        const struct alarm_rule *rule = alarm->rule;
        if (!drives(alarm))
            continue;
        want(alarms, alarm, rule->outputs, DRIVE_ON);
        want(alarms, alarm, rule->outputs_off, DRIVE_OFF);
        if (alarm_output_sounds(alarm))
            want(alarms, alarm, rule->sounders, DRIVE_ON);
    }
}

static void wait_more(const struct alarms *alarms, struct alarm_drive *drive)
{
    drive->wait = drive->wait ? 2 * drive->wait : AGAIN_FIRST;
    if (drive->wait > AGAIN_MOST)
        drive->wait = AGAIN_MOST;
    drive->failed = loop_now(alarms->loop);
    drive->again = drive->failed + drive->wait;
}

static void name_device(const struct alarm_drive *drive, char name[LIMIT_NAME + 1])
{
    size_t length = strcspn(drive->path, "/");
    snprintf(name, LIMIT_NAME + 1, "%.*s", (int)length, drive->path);
}

static const struct device *online_device(const struct alarms *alarms,
                                          const struct alarm_drive *drive)
{
    char name[LIMIT_NAME + 1];
    name_device(drive, name);
    const struct device *device = site_device_find(alarms->site, name);
    return device && device->state == DEVICE_ONLINE ? device : NULL;
}

/* What refused was not there, and is now: its alarm has waited long enough. */
static bool has_returned(const struct alarms *alarms, const struct alarm_drive *drive)
{
    const struct device *device = online_device(alarms, drive);
    return device && device->since_mono > drive->failed;
}

/* Its device stands in the settings no more. */
static bool is_gone(const struct alarms *alarms, const struct alarm_drive *drive)
{
    const struct setting_table *devices = config_table_named(alarms->config, "devices");
    char name[LIMIT_NAME + 1];
    name_device(drive, name);
    return devices && config_find(alarms->config, devices, name) < 0;
}

void alarm_output_look(struct alarms *alarms)
{
    for (const struct alarm_drive *drive = alarms->drives; drive; drive = drive->next) {
        if (drive->again && has_returned(alarms, drive)) {
            alarm_output_want(alarms);
            return;
        }
    }
}

/* ---- at the door ------------------------------------------------------------------------------- */

static void write_down(struct alarms *alarms, struct alarm_drive *drive, const char *problem)
{
    char text[400];
    if (strcmp(drive->problem, problem) == 0)
        return; /* the same as last time */
    snprintf(drive->problem, sizeof drive->problem, "%s", problem);
    snprintf(text, sizeof text, "%s is not driven as the alarm %s wants it: %s", drive->path,
             drive->rule, problem);
    event_log_add(alarms->events, &(struct event){.kind = EVENT_ALARM_OUTPUT,
                                                  .actor = "alarm",
                                                  .object = drive->path,
                                                  .text = text});
}

static enum command_action action_of(const struct alarm_drive *drive)
{
    if (drive->want != DRIVE_NONE)
        return drive->want == DRIVE_ON ? COMMAND_ON : COMMAND_OFF;
    return drive->is == DRIVE_ON ? COMMAND_OFF : COMMAND_ON;
}

/* A command of ours has ended. */
static void take_end(struct alarms *alarms, struct alarm_drive *drive,
                     const struct command *command)
{
    const struct command_step *step = command->step_count ? &command->steps[0] : NULL;
    bool done = !step || step->state == COMMAND_CONFIRMED || step->state == COMMAND_CANCELLED;
    drive->command[0] = '\0';
    if (done) {
        drive->problem[0] = '\0';
        drive->wait = 0;
    } else {
        drive->is = drive->before;
        wait_more(alarms, drive);
        write_down(alarms, drive, *step->reason ? step->reason : command_state_name(step->state));
    }
}

static void ask(struct alarms *alarms, struct alarm_drive *drive)
{
    char origin[LIMIT_NAME + 16];
    const char *target = drive->path;
    struct command_answer answer = {0};
    if (drive->want == DRIVE_NONE && is_gone(alarms, drive)) {
        drive->is = DRIVE_NONE; /* there is nothing to release */
        alarm_keep_want(alarms);
        return;
    }
    snprintf(origin, sizeof origin, "alarm %s", drive->rule);
    commands_submit(alarms->commands,
                    &(struct command_wish){
                        .action = action_of(drive),
                        .targets = &target,
                        .target_count = 1,
                        .actor = "alarm",
                        .origin = origin,
                        .reason = drive->want == DRIVE_NONE ? "it has cleared" : "it is raised",
                        .role = ROLE_ADMINISTRATOR, /* only they may write rules */
                        .automatic = true,
                    },
                    &answer);
    if (answer.verdict != COMMAND_ACCEPTED && answer.verdict != COMMAND_REPEATED) {
        wait_more(alarms, drive);
        /* It has no such output any more. One that was made anew has not told yet. */
        if (answer.verdict == COMMAND_NOT_FOUND && drive->want == DRIVE_NONE &&
            online_device(alarms, drive))
            drive->is = DRIVE_NONE;
        write_down(alarms, drive, answer.err.text);
        return;
    }
    drive->again = 0;
    drive->before = drive->is;
    drive->is = drive->want;
    snprintf(drive->command, sizeof drive->command, "%s", answer.command ? answer.command->id : "");
    alarm_keep_want(alarms);
    /* A board that is not there refuses before the door has answered: on_command() could not know
     * yet whose command it was. */
    if (answer.command && answer.command->ended)
        take_end(alarms, drive, answer.command);
}

static void on_again(struct loop_timer *timer, void *user)
{
    (void)timer;
    alarm_output_want(user);
}

/* Ask for all that is not as it is wanted; what waits for its time sets the timer. */
static void drive_all(struct alarms *alarms)
{
    clock_us now = loop_now(alarms->loop), next = CLOCK_NEVER;
    for (struct alarm_drive **at = &alarms->drives; *at;) {
        struct alarm_drive *drive = *at;
        bool due = drive->again <= now || has_returned(alarms, drive);
        if (due && drive->want != drive->is)
            ask(alarms, drive);
        if (drive->want != drive->is && drive->again && drive->again < next)
            next = drive->again;
        if (drive->want != DRIVE_NONE || drive->is != DRIVE_NONE || *drive->command) {
            at = &drive->next;
            continue;
        }
        *at = drive->next;
        free(drive);
    }
    if (next != CLOCK_NEVER)
        loop_timer_at(alarms->loop, &alarms->drive_timer, next, on_again, alarms);
}

static void on_want(struct loop_defer *defer, void *user)
{
    struct alarms *alarms = user;
    (void)defer;
    gather(alarms);
    drive_all(alarms);
}

void alarm_output_want(struct alarms *alarms)
{
    if (alarms->commands && (alarms->table.drives || alarms->drives))
        loop_defer(alarms->loop, &alarms->drive_defer, on_want, alarms);
}

/* ---- what became of it ------------------------------------------------------------------------- */

static void on_command(void *user, const struct command *command)
{
    struct alarms *alarms = user;
    struct alarm_drive *drive = alarms->drives;
    while (drive && strcmp(drive->command, command->id) != 0)
        drive = drive->next;
    if (!command->ended || !drive || !*command->id)
        return;
    take_end(alarms, drive, command);
    alarm_output_want(alarms);
}

/* ---- life -------------------------------------------------------------------------------------- */

void alarm_output_start(struct alarms *alarms)
{
    alarms->drive_watch = (struct command_watch){.changed = on_command, .user = alarms};
    if (alarms->commands)
        commands_watch(alarms->commands, &alarms->drive_watch);
}

void alarm_output_end(struct alarms *alarms)
{
    if (alarms->commands)
        commands_unwatch(alarms->commands, &alarms->drive_watch);
    loop_timer_stop(&alarms->drive_timer);
    loop_defer_cancel(&alarms->drive_defer);
    while (alarms->drives) {
        struct alarm_drive *next = alarms->drives->next;
        free(alarms->drives);
        alarms->drives = next;
    }
}

void alarm_output_write(const struct alarms *alarms, struct json *json)
{
    json_open_object(json);
    for (const struct alarm_drive *drive = alarms->drives; drive; drive = drive->next) {
        if (drive->is == DRIVE_NONE)
            continue;
        json_key_text(json, drive->path);
        json_bool(json, drive->is == DRIVE_ON);
    }
    json_close_object(json);
}

void alarm_output_read(struct alarms *alarms, const char *path, bool on)
{
    struct alarm_drive *drive = drive_of(alarms, path, strlen(path));
    if (!drive)
        return;
    drive->is = on ? DRIVE_ON : DRIVE_OFF;
    /* which one it was is told by the next that wants it */
    snprintf(drive->rule, sizeof drive->rule, "before the restart");
}
