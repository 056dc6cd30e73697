/* bus_doctor - what the pages and the API ask about buses: findings, a trial of other speeds (one
 * at a time), and records of frames (of few lines at once, each for a limited time).
 *
 * Joins field's doctor, trial and trace. A record stays until ten minutes after its end. Owned by
 * the daemon; loop thread only.
 */
#pragma once

#include "face/doctor_door.h"
#include "field/field.h"

#define BUS_DOCTOR_TRACES 4
#define BUS_DOCTOR_TRACE_BYTES (512u * 1024) /* of one line: some 8,000 frames of 10 registers */

struct bus_doctor;

/* Both are borrowed. */
struct bus_doctor *bus_doctor_new(struct loop *loop, struct field *field);
struct bus_doctor *bus_doctor_free(struct bus_doctor *doctor); /* accepts NULL, returns NULL */

/* Before lines are changed or go: ends the trial. Records move with their lines. */
void bus_doctor_hold(struct bus_doctor *doctor);

/* What struct web_context hands to the API; lives as long as the doctor. */
const struct doctor_door *bus_doctor_door(struct bus_doctor *doctor);
