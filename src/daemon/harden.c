#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/log.h"
#include "daemon/daemon_private.h"

/* Every client, stream, line and file is a descriptor; the soft limit of 1024 is a shell's habit.
 */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void daemon_harden(void)
{
    umask(0027);
    raise_descriptor_limit();
    /* Secrets of users live in our memory: no core file, no ptrace by others of the same user. */
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        log_warning("daemon", "the kernel refused to lock privileges down");
}
