#include "field/trial.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "wire/modbus_pdu.h"

#define LOOK_EVERY (5 * CLOCK_MS) /* whether the line has come to rest */

/* The commonest first. */
static const unsigned bauds[] = {9600, 19200, 38400, 115200, 57600, 4800, 2400, 1200};
#define PARITIES 3

static_assert(sizeof bauds / sizeof *bauds * PARITIES == TRIAL_SETTINGS, "one place for the count");

/* One holding register: whatever the device makes of it, it answers. */
static const uint8_t question[] = {MODBUS_PDU_READ_HOLDING, 0, 0, 0, 1};

struct trial {
    struct line *line; /* the one that rests */
    struct line *own;  /* at the setting that is tried; NULL between them */
    struct trial_options options;
    bool answered[TRIAL_UNITS];
    size_t setting, unit;
    struct loop_timer timer;
    struct line_request request;
};

static struct trial_setting setting_of(size_t index)
{
    return (struct trial_setting){.baud = bauds[index / PARITIES],
                                  .parity = (int)(index % PARITIES)};
}

static struct trial *release(struct trial *trial)
{
    line_cancel(&trial->request);
    loop_timer_stop(&trial->timer);
    line_free(trial->own);
    line_resume(trial->line);
    free(trial);
    return NULL;
}

static void finish(struct trial *trial, const char *problem)
{
    trial->options.done(trial->options.user, problem);
    release(trial);
}

static void on_step(struct loop_timer *timer, void *user);

/* From a timer: a line must not be freed from inside what it calls. */
static void step_soon(struct trial *trial, clock_us wait)
{
    struct loop *loop = line_loop(trial->line);
    loop_timer_at(loop, &trial->timer, loop_now(loop) + wait, on_step, trial);
}

static void on_answer(struct line_request *request, const struct driver_answer *answer)
{
    struct trial *trial = request->user;
    const struct trial_setting setting = setting_of(trial->setting);
    if (answer->result == DRIVER_ANSWERED) {
        trial->answered[trial->unit] = true;
        trial->options.answered(trial->options.user, request->unit, &setting);
    }
    /* A speed that the port cannot do is not tried with the other units. */
    trial->unit = answer->result == DRIVER_LINE_DOWN ? trial->options.unit_count : trial->unit + 1;
    step_soon(trial, 0);
}

static void open_line(struct trial *trial)
{
    const struct trial_setting setting = setting_of(trial->setting);
    struct line_settings settings = *line_settings_of(trial->line);
    struct transport *transport =
        trial->options.make ? trial->options.make(trial->options.user, &setting) : NULL;
    for (settings.baud = 0; line_settings_baud(&settings) != setting.baud;)
        settings.baud++; /* all of ours are among the choices */
    settings.parity = setting.parity;
    settings.stop_bits = 1;
    settings.pause_ms = settings.gap_ms = 0;
    trial->own = line_new(line_loop(trial->line), line_name(trial->line), &settings, transport);
}

static bool next_unit(struct trial *trial)
{
    while (trial->unit < trial->options.unit_count && trial->answered[trial->unit])
        trial->unit++;
    return trial->unit < trial->options.unit_count;
}

static bool all_answered(const struct trial *trial)
{
    for (size_t i = 0; i < trial->options.unit_count; i++) {
        if (!trial->answered[i])
            return false;
    }
    return true;
}

static void ask(struct trial *trial)
{
    trial->request = (struct line_request){
        .unit = trial->options.units[trial->unit],
        .urgency = LINE_GATEWAY,
        .pdu = question,
        .length = sizeof question,
        .timeout = TRIAL_WAIT,
        .done = on_answer,
        .user = trial,
    };
    line_submit(trial->own, &trial->request);
}

static void on_step(struct loop_timer *timer, void *user)
{
    struct trial *trial = user;
    (void)timer;
    if (line_is_urgent(trial->line)) {
        finish(trial, "something was to be switched on this line, which goes first");
        return;
    }
    if (!line_resting(trial->line)) { /* its last transaction ends first */
        step_soon(trial, LOOK_EVERY);
        return;
    }
    if (!next_unit(trial)) {
        trial->own = line_free(trial->own);
        trial->setting++;
        trial->unit = 0;
        next_unit(trial);
    }
    if (all_answered(trial) || trial->setting == TRIAL_SETTINGS) {
        finish(trial, NULL);
        return;
    }
    if (!trial->own)
        open_line(trial);
    ask(trial);
}

static int check(const struct line *line, const struct trial_options *options, struct err *err)
{
    const struct line_settings *settings = line_settings_of(line);
    const char *name = line_name(line);
    if (settings->kind != LINE_MODBUS_RTU)
        return err_set(err, -EINVAL,
                       "%.63s has no speed of its own: that of a gateway is set in the gateway",
                       name);
    if (!settings->enabled)
        return err_set(err, -EINVAL, "%.63s is switched off in the settings", name);
    if (!options->unit_count)
        return err_set(err, -EINVAL, "no device stands on %.63s that could be asked", name);
    return 0;
}

struct trial *trial_start(struct line *line, const struct trial_options *options, struct err *err)
{
    if (check(line, options, err) < 0)
        return NULL;
    struct trial *trial = calloc(1, sizeof *trial);
    if (!trial) {
        err_set(err, -ENOMEM, "there is not enough memory just now");
        return NULL;
    }
    trial->line = line;
    trial->options = *options;
    line_rest(line, "resting: other speeds are being tried");
    step_soon(trial, 0);
    return trial;
}

struct trial *trial_stop(struct trial *trial)
{
    return trial ? release(trial) : NULL;
}

size_t trial_progress(const struct trial *trial, struct trial_setting *now)
{
    size_t at = trial->setting < TRIAL_SETTINGS ? trial->setting : TRIAL_SETTINGS - 1;
    *now = setting_of(at);
    return trial->setting;
}

const char *trial_parity_name(int parity)
{
    static const char *const names[] = {"none", "even", "odd"};
    return names[parity];
}
