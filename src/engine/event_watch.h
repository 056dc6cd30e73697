/* event_watch - events that nobody makes: a device falls silent or comes back, the clock steps or
 * becomes known.
 *
 * Looks at the site's tree when it changes and at the clocks every few seconds. One event a change;
 * a device that flaps is told at most a dozen times in an hour, then how often it was and how it is
 * now. Owned by the daemon; loop thread only.
 */
#pragma once

struct event_log;
struct event_watch;
struct site;

/* `log` and `site` are borrowed. */
struct event_watch *event_watch_new(struct event_log *log, struct site *site);

/* Accepts NULL, returns NULL. */
struct event_watch *event_watch_free(struct event_watch *watch);
