/* every_call - the four ways in which a disk refuses, at each call that changes something: once,
 * and from then on. A test program has, before it includes this, CALLS_LEAST a round makes more
 * calls than this bool run_with_fault(long call, enum disk_fault fault, bool stays) one round;
 * false when the call was never reached
 */
#pragma once

#include <stdio.h>

#include "disk_vfs.h"

static void every_call(enum disk_fault fault, bool stays)
{
    long call = 1;
    while (run_with_fault(call, fault, stays))
        call++;
    printf("# %ld calls\n", call - 1);
    assert_true(call > CALLS_LEAST);
}

static void each_call_finds_the_disk_full_once(void **state)
{
    (void)state;
    every_call(DISK_FULL, false);
}

static void from_each_call_on_the_disk_is_full(void **state)
{
    (void)state;
    every_call(DISK_FULL, true);
}

static void each_call_fails_once(void **state)
{
    (void)state;
    every_call(DISK_ERROR, false);
}

static void from_each_call_on_all_fail(void **state)
{
    (void)state;
    every_call(DISK_ERROR, true);
}
