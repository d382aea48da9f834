#ifndef JINMU_BACKUP_H
#define JINMU_BACKUP_H

#include "common/fault.h"
#include "common/json.h"

#include <stdbool.h>

/* Copies of a state's databases in a folder of their own, with a list of them, manifest.json:
 *   {"jinmu":version,"made_at":time,"files":[{"name","bytes","sha256","schema"}]}
 * The keys are not among them: whoever has a backup shall not be let in by it. */

/* Makes a backup while services may run; `directory` is new or empty. The spool is copied first: a job
 * that is done meanwhile stands in it as not done and its results in a later copy, which does no harm,
 * for it is done again and stored once. The other way round it would be lost. Gives the manifest
 * (jv_destroy), or NULL with a fault. */
struct jv *backup_make(const char *state, const char *directory, struct fault *fault);
/* Whether a backup is whole: its manifest (jv_destroy), or NULL with a fault "backup.damaged". */
struct jv *backup_check(const char *directory, struct fault *fault);
/* Puts a backup in the place of a state's databases, while no services run. Those that are there are
 * refused ("backup.exists") unless `replace`: then they are moved to STATE/replaced-TIME. One that was
 * interrupted is not taken for done (state_directory); the next one goes on: what was there before
 * the first of them stands in one folder, whole. Gives the manifest, or NULL with a fault. */
struct jv *backup_restore(const char *directory, const char *state, bool replace,
                          struct fault *fault);

#endif
