#include "catalog/data_files.h"

#include "catalog/import/csv_table.h"
#include "common/strbuf.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool ends_with(const char *text, const char *ending)
{
    size_t m = strlen(text), n = strlen(ending);
    return m >= n && strcmp(text + m - n, ending) == 0;
}

static int is_data(const struct dirent *entry)
{
    return entry->d_name[0] != '.' &&
           (ends_with(entry->d_name, ".csv") || ends_with(entry->d_name, ".zpl") ||
            strcmp(entry->d_name, "model.txt") == 0);
}

/* By bytes, whatever the locale: the order is part of the hash. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_file(struct data_files *files, const char *directory, const char *folder,
                     const char *name, struct fault *fault)
{
    struct strbuf path = {0}, relative = {0};
    size_t length;
    strbuf_printf(&relative, "%s%s", folder, name);
    strbuf_printf(&path, "%s/%s", directory, relative.text);
    char *bytes = file_read(path.text, &length, fault);
    strbuf_free(&path);
    if (!bytes) {
        strbuf_free(&relative);
        return -1;
    }
    files->files = xrealloc(files->files, (files->count + 1) * sizeof *files->files);
    files->files[files->count++] =
        (struct data_file){.name = strbuf_take(&relative), .bytes = bytes, .length = length};
    return 0;
}

static int load_folder(struct data_files *files, const char *directory, const char *folder,
                       struct fault *fault)
{
    struct strbuf path = {0};
    struct dirent **entries = NULL;
    strbuf_printf(&path, "%s/%s", directory, folder);
    int count = scandir(path.text, &entries, is_data, by_bytes), failed = 0;
    strbuf_free(&path);
    for (int i = 0; i < count; i++) {
        failed = failed || load_file(files, directory, folder, entries[i]->d_name, fault);
        free(entries[i]);
    }
    free(entries);
    return failed ? -1 : 0;
}

struct data_files *data_files_load(const char *directory, struct fault *fault)
{
    static const char *const folders[] = {"", "labels/", "revisions/", "rules/"};
    struct data_files *files = xcalloc(1, sizeof *files);
    int failed = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders && !failed; i++)
        failed = load_folder(files, directory, folders[i], fault);
    if (!failed && !data_files_find(files, "revisions.csv"))
        failed = fault_set(fault, "catalog.no_data",
                           "%s: no catalog data here (revisions.csv is missing); set $JINMU_DATA",
                           directory);
    if (failed)
        data_files_destroy(&files);
    return files;
}

void data_files_destroy(struct data_files **files)
{
    struct data_files *self = *files;
    if (!self)
        return;
    for (size_t i = 0; i < self->count; i++) {
        free(self->files[i].name);
        free(self->files[i].bytes);
    }
    free(self->files);
    free(self);
    *files = NULL;
}

const struct data_file *data_files_find(const struct data_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->files[i].name, name) == 0)
            return &files->files[i];
    return NULL;
}

static bool decides_classification(const char *name)
{
    return strcmp(name, "model.txt") == 0 || strncmp(name, "labels/", 7) == 0 ||
           strncmp(name, "rules/", 6) == 0 || strcmp(name, "aliases.csv") == 0 ||
           strcmp(name, "kinds.csv") == 0 || strcmp(name, "synonyms.csv") == 0;
}

static void hash_files(const struct data_files *files, bool (*wanted)(const char *name),
                       const char *salt, char hex[DATA_HASH_BYTES])
{
    crypto_hash_sha256_state state;
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)salt, strlen(salt) + 1);
    for (size_t i = 0; i < files->count; i++) {
        const struct data_file *file = &files->files[i];
        if (wanted && !wanted(file->name))
            continue;
        crypto_hash_sha256_update(&state, (const unsigned char *)file->name,
                                  strlen(file->name) + 1);
        crypto_hash_sha256_update(&state, (const unsigned char *)&file->length,
                                  sizeof file->length);
        crypto_hash_sha256_update(&state, (const unsigned char *)file->bytes, file->length);
    }
    crypto_hash_sha256_final(&state, hash);
    sodium_bin2hex(hex, DATA_HASH_BYTES, hash, sizeof hash);
}

void data_files_hash(const struct data_files *files, char hex[DATA_HASH_BYTES])
{
    /* The program too: an importer that reads more makes another database of the same data. */
    hash_files(files, NULL, JINMU_VERSION, hex);
}

void data_files_model_hash(const struct data_files *files, char hex[DATA_HASH_BYTES])
{
    hash_files(files, decides_classification, "model", hex);
}
