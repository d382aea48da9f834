#include "common/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int privileges_drop(const char *user, struct fault *fault)
{
    const struct passwd *entry = getpwnam(user);
    if (!entry)
        return fault_set(fault, "privileges.user", "there is no user '%s'", user);
    if (entry->pw_uid == 0)
        return fault_set(fault, "privileges.user", "'%s' has the rights of root itself", user);
    uid_t uid = entry->pw_uid;
    gid_t gid = entry->pw_gid;
    if (geteuid() != 0 && (geteuid() != uid || getuid() != uid))
        return fault_set(fault, "privileges.user", "only root can become '%s'", user);
    if (geteuid() == 0 &&
        (initgroups(user, gid) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid)))
        return fault_set(fault, "privileges.user", "cannot become '%s': %s", user, strerror(errno));
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (setuid(0) == 0)
        return fault_set(fault, "privileges.user", "'%s' could become root again", user);
    return 0;
}
