/* raw_lines - carries out raw transactions (model/raw) on the field's lines.
 *
 * Reads go behind the polls of a line and before them when they have waited too long; writes go
 * first, like any control. Equal reads that wait or are on the wire are asked once. A unit that
 * fell silent is asked again only every few seconds, so that whoever asks a dead unit costs the
 * others next to nothing; meanwhile the asker is told at once. Time-outs and pauses are those of
 * the device that the settings name for this unit, else the line's. Owned by the daemon; loop
 * thread only.
 */
#pragma once

#include "field/field.h"
#include "model/raw.h"

struct raw_lines;

/* Both borrowed; the field must outlive it. */
struct raw_lines *raw_lines_new(struct loop *loop, struct field *field);

/* Nothing may be under way. Accepts NULL, returns NULL. */
struct raw_lines *raw_lines_free(struct raw_lines *lines);

/* Lines and devices have changed (field_apply): all paths from before are dead. What was under way
 * on lines that went has ended, the rest goes on. */
void raw_lines_refresh(struct raw_lines *lines);

struct raw_door raw_lines_door(struct raw_lines *lines);
