#ifndef JINMU_CLI_BACKUP_FILES_H
#define JINMU_CLI_BACKUP_FILES_H

#include "common/fault.h"

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Files of a state and of its backups. Faults are "backup.failed", with the path and the reason. */
int backup_failed(const char *path, struct fault *fault);

extern const char backup_manifest_name[];

/* Whether it is the name of a database. */
bool backup_is_database(const char *name);
int backup_copy_database(const char *from, const char *to, const char *name, struct fault *fault);

enum { BACKUP_HASH_BYTES = 2 * crypto_hash_sha256_BYTES + 1 };
/* SHA-256 of a file in hexadecimal, and its size. */
int backup_hash_file(const char *path, char hex[BACKUP_HASH_BYTES], int64_t *bytes,
                     struct fault *fault);

/* The first mebibyte of a file (free()), NULL when it cannot be read. */
char *backup_read_file(const char *path, size_t *length);
/* Writes a whole new file (0600) and waits until it is on disk. */
int backup_write_file(const char *path, const char *bytes, size_t length, struct fault *fault);
/* Waits until what a directory lists is on disk. */
int backup_sync_directory(const char *path, struct fault *fault);

#endif
