#ifndef JINMU_FAULT_VFS_H
#define JINMU_FAULT_VFS_H

/* A layer under SQLite's files that lets the n-th write, sync, truncation or deletion go wrong. Nothing
 * is really synced, so that thousands of runs are quick; what a sync would have made safe is kept
 * track of for the power cuts. */
enum fault_kind {
    FAULT_NONE,
    FAULT_ERROR,      /* that operation fails with an input/output error */
    FAULT_FULL,       /* that one and the next two: the disk is full */
    FAULT_KILL,       /* the process ends before it */
    FAULT_TORN,       /* half of it is written, then the process ends */
    FAULT_POWER,      /* the process ends, and nothing that was not synced has reached the disk */
    FAULT_POWER_SOME, /* … and every second write that was not synced has */
    FAULT_KINDS
};
extern const char *const fault_kind_names[FAULT_KINDS];

/* Makes it the layer of all files that SQLite opens from now on. */
void fault_vfs_install(void);
/* Lets the operation number `at` (from 1, counted from now) go wrong. */
void fault_vfs_arm(enum fault_kind kind, int at);
/* How many operations there were since fault_vfs_arm. */
int fault_vfs_operations(void);

enum { FAULT_EXIT = 77 }; /* the status with which the process ends */

#endif
