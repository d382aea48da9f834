#include "services/cli/backup_files.h"

#include "common/state.h"
#include "common/store_copy.h"
#include "common/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PART_BYTES = 1 << 16 };
const char backup_manifest_name[] = "manifest.json";

int backup_failed(const char *path, struct fault *fault)
{
    return fault_set(fault, "backup.failed", "%s: %s", path, strerror(errno));
}

bool backup_is_database(const char *name)
{
    size_t length = strlen(name);
    return length > 3 && strcmp(name + length - 3, ".db") == 0;
}

int backup_copy_database(const char *state, const char *directory, const char *name,
                         struct fault *fault)
{
    char *from = state_path(state, name), *to = state_path(directory, name);
    int status = store_copy(from, to, fault);
    free(from);
    free(to);
    return status;
}

int backup_hash_file(const char *path, char hex[BACKUP_HASH_BYTES], int64_t *bytes,
                     struct fault *fault)
{
    unsigned char part[PART_BYTES], digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    FILE *file = fopen(path, "rb");
    if (!file)
        return backup_failed(path, fault);
    size_t length;
    *bytes = 0;
    crypto_hash_sha256_init(&state);
    while ((length = fread(part, 1, sizeof part, file)) > 0) {
        crypto_hash_sha256_update(&state, part, length);
        *bytes += (int64_t)length;
    }
    int status = ferror(file) ? backup_failed(path, fault) : 0;
    fclose(file);
    crypto_hash_sha256_final(&state, digest);
    sodium_bin2hex(hex, 2 * sizeof digest + 1, digest, sizeof digest);
    return status;
}

char *backup_read_file(const char *path, size_t *length)
{
    enum { MOST = 1 << 20 };
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = xcalloc(1, MOST + 1);
    *length = fread(text, 1, MOST, file);
    fclose(file);
    return text;
}

int backup_write_file(const char *path, const char *bytes, size_t length, struct fault *fault)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return backup_failed(path, fault);
    int status = write(file, bytes, length) != (ssize_t)length || fsync(file)
                     ? backup_failed(path, fault)
                     : 0;
    close(file);
    return status;
}

int backup_sync_directory(const char *path, struct fault *fault)
{
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = directory < 0 || fsync(directory) ? backup_failed(path, fault) : 0;
    if (directory >= 0)
        close(directory);
    return status;
}
