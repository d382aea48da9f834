#include "tests/services/fault_vfs.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const fault_kind_names[FAULT_KINDS] = {
    "none", "error", "disk full", "kill", "torn write", "power cut", "power cut with some writes"};

/* A change to a file that no sync has made safe yet. */
struct change {
    sqlite3_int64 offset, old_size;
    char *old_bytes, *new_bytes; /* new_bytes NULL: a truncation */
    int length, old_length;
};

struct fault_file {
    sqlite3_file base;
    struct fault_file *next; /* of those that are open */
    struct change *changes;
    int change_count, capacity;
    sqlite3_file *real;
};

/* SQLite gives the layer no place for state of its own; tests run one at a time. */
static struct {
    sqlite3_vfs layer, *real;
    struct fault_file *files;
    enum fault_kind kind;
    int at, operations;
} vfs;

static struct fault_file *of(sqlite3_file *file)
{
    return (struct fault_file *)file;
}

static void forget_changes(struct fault_file *file)
{
    for (int i = 0; i < file->change_count; i++) {
        free(file->changes[i].old_bytes);
        free(file->changes[i].new_bytes);
    }
    file->change_count = 0;
}

static char *copy_bytes(const void *bytes, int length)
{
    char *copy = malloc((size_t)length + 1);
    assert(copy);
    memcpy(copy, bytes, (size_t)length);
    return copy;
}

static void note_change(struct fault_file *file, const void *bytes, int length,
                        sqlite3_int64 offset)
{
    struct change change = {.offset = offset, .length = length};
    file->real->pMethods->xFileSize(file->real, &change.old_size);
    sqlite3_int64 end =
        bytes && offset + length < change.old_size ? offset + length : change.old_size;
    change.old_length = end > offset ? (int)(end - offset) : 0;
    change.old_bytes = malloc((size_t)change.old_length + 1);
    assert(change.old_bytes);
    if (change.old_length)
        file->real->pMethods->xRead(file->real, change.old_bytes, change.old_length, offset);
    change.new_bytes = bytes ? copy_bytes(bytes, length) : NULL;
    if (file->change_count == file->capacity) {
        file->capacity = file->capacity ? 2 * file->capacity : 16;
        file->changes = realloc(file->changes, (size_t)file->capacity * sizeof *file->changes);
        assert(file->changes);
    }
    file->changes[file->change_count++] = change;
}

static void undo(struct fault_file *file, const struct change *change)
{
    if (change->old_length)
        file->real->pMethods->xWrite(file->real, change->old_bytes, change->old_length,
                                     change->offset);
    file->real->pMethods->xTruncate(file->real, change->old_size);
}

static void redo(struct fault_file *file, const struct change *change)
{
    if (change->new_bytes)
        file->real->pMethods->xWrite(file->real, change->new_bytes, change->length, change->offset);
    else
        file->real->pMethods->xTruncate(file->real, change->offset);
}

static void cut_power(bool some)
{
    for (struct fault_file *file = vfs.files; file; file = file->next) {
        for (int i = file->change_count - 1; i >= 0; i--)
            undo(file, &file->changes[i]);
        for (int i = 0; some && i < file->change_count; i += 2)
            redo(file, &file->changes[i]);
    }
}

/* Counts an operation; what SQLite is told when it is to fail, or it does not come back. */
static int fate(struct fault_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
    int number = ++vfs.operations;
    if (vfs.kind == FAULT_FULL && number >= vfs.at && number < vfs.at + 3)
        return SQLITE_FULL;
    if (number != vfs.at || vfs.kind == FAULT_NONE)
        return SQLITE_OK;
    if (vfs.kind == FAULT_ERROR)
        return SQLITE_IOERR;
    if (vfs.kind == FAULT_TORN && bytes)
        file->real->pMethods->xWrite(file->real, bytes, length / 2, offset);
    if (vfs.kind == FAULT_POWER || vfs.kind == FAULT_POWER_SOME)
        cut_power(vfs.kind == FAULT_POWER_SOME);
    _exit(FAULT_EXIT);
}

static int close_file(sqlite3_file *base)
{
    struct fault_file *file = of(base), **place = &vfs.files;
    while (*place != file)
        place = &(*place)->next;
    *place = file->next;
    forget_changes(file);
    free(file->changes);
    return file->real->pMethods->xClose(file->real);
}

static int read_file(sqlite3_file *base, void *bytes, int length, sqlite3_int64 offset)
{
    return of(base)->real->pMethods->xRead(of(base)->real, bytes, length, offset);
}

static int write_file(sqlite3_file *base, const void *bytes, int length, sqlite3_int64 offset)
{
    int code = fate(of(base), bytes, length, offset);
    if (code)
        return code == SQLITE_IOERR ? SQLITE_IOERR_WRITE : code;
    note_change(of(base), bytes, length, offset);
    return of(base)->real->pMethods->xWrite(of(base)->real, bytes, length, offset);
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
    int code = fate(of(base), NULL, 0, 0);
    if (code)
        return SQLITE_IOERR_TRUNCATE;
    note_change(of(base), NULL, 0, size);
    return of(base)->real->pMethods->xTruncate(of(base)->real, size);
}

static int sync_file(sqlite3_file *base, int flags)
{
    (void)flags;
    if (fate(of(base), NULL, 0, 0))
        return SQLITE_IOERR_FSYNC;
    forget_changes(of(base));
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size)
{
    return of(base)->real->pMethods->xFileSize(of(base)->real, size);
}

static int lock_file(sqlite3_file *base, int level)
{
    return of(base)->real->pMethods->xLock(of(base)->real, level);
}

static int unlock_file(sqlite3_file *base, int level)
{
    return of(base)->real->pMethods->xUnlock(of(base)->real, level);
}

static int check_reserved(sqlite3_file *base, int *answer)
{
    return of(base)->real->pMethods->xCheckReservedLock(of(base)->real, answer);
}

static int control(sqlite3_file *base, int what, void *argument)
{
    return of(base)->real->pMethods->xFileControl(of(base)->real, what, argument);
}

static int sector_size(sqlite3_file *base)
{
    return of(base)->real->pMethods->xSectorSize(of(base)->real);
}

/* None: what SQLite would trust a better disk with, it does itself. */
static int characteristics(sqlite3_file *base)
{
    (void)base;
    return 0;
}

static int map_shared(sqlite3_file *base, int page, int size, int extend, void volatile **memory)
{
    return of(base)->real->pMethods->xShmMap(of(base)->real, page, size, extend, memory);
}

static int lock_shared(sqlite3_file *base, int offset, int count, int flags)
{
    return of(base)->real->pMethods->xShmLock(of(base)->real, offset, count, flags);
}

static void barrier(sqlite3_file *base)
{
    of(base)->real->pMethods->xShmBarrier(of(base)->real);
}

static int unmap_shared(sqlite3_file *base, int remove)
{
    return of(base)->real->pMethods->xShmUnmap(of(base)->real, remove);
}

static const sqlite3_io_methods methods = {
    2, /* no memory-mapped files */
    close_file, read_file,   write_file,     truncate_file, sync_file,   file_size,
    lock_file,  unlock_file, check_reserved, control,       sector_size, characteristics,
    map_shared, lock_shared, barrier,        unmap_shared,  NULL,        NULL};

static int open_file(sqlite3_vfs *layer, const char *name, sqlite3_file *base, int flags,
                     int *out_flags)
{
    (void)layer;
    struct fault_file *file = of(base);
    *file = (struct fault_file){.real = (sqlite3_file *)(file + 1)};
    int code = vfs.real->xOpen(vfs.real, name, file->real, flags, out_flags);
    if (!file->real->pMethods)
        return code;
    file->base.pMethods = &methods;
    file->next = vfs.files;
    vfs.files = file;
    return code;
}

static int delete_file(sqlite3_vfs *layer, const char *name, int sync_directory)
{
    (void)layer, (void)sync_directory;
    if (fate(NULL, NULL, 0, 0))
        return SQLITE_IOERR_DELETE;
    return vfs.real->xDelete(vfs.real, name, 0);
}

void fault_vfs_install(void)
{
    if (vfs.real)
        return;
    vfs.real = sqlite3_vfs_find(NULL);
    vfs.layer = *vfs.real;
    vfs.layer.pNext = NULL;
    vfs.layer.zName = "fault";
    vfs.layer.szOsFile = (int)sizeof(struct fault_file) + vfs.real->szOsFile;
    vfs.layer.xOpen = open_file;
    vfs.layer.xDelete = delete_file;
    sqlite3_vfs_register(&vfs.layer, 1);
}

void fault_vfs_arm(enum fault_kind kind, int at)
{
    vfs.kind = kind;
    vfs.at = at;
    vfs.operations = 0;
}

int fault_vfs_operations(void)
{
    return vfs.operations;
}
