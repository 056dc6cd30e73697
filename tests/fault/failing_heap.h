/* failing_heap - a heap that runs out at the Nth allocation, for every N.
 *
 * Without sanitizers every allocation of the process is counted, those of the libraries too; with
 * them, those of our own code (the linker's --wrap). For good, mem_* may still use what is in
 * reserve (base/mem.h): that much of the heap is free again then. Linked into a test, it stands in
 * for malloc and its like. */
#pragma once

#include <stdbool.h>

/* Once: that one call gets nothing. For good: the heap may not grow beyond what is in use at that
 * moment. */
enum heap_mode { HEAP_HEALTHY, HEAP_ONCE, HEAP_FOR_GOOD };

/* Runs what is tried with the allocation 1, 2, 3, ... failing, until it needs no more than that. */
void heap_try(enum heap_mode mode, bool with_reserve, void (*attempt)(void *user), void *user);

/* Failing once, then for good. */
void heap_try_both(bool with_reserve, void (*attempt)(void *user), void *user);

/* From now on only our own code is refused, or libraries as well again. */
void heap_refuse_ours_only(bool only);

/* From now on the heap may not grow; heap_allow() ends that and says how many allocations were
 * asked for meanwhile. */
void heap_refuse_growth(void);
long heap_allow(void);
