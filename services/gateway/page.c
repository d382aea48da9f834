#include "services/gateway/page.h"

#include "common/log.h"
#include "common/places.h"
#include "services/gateway/gateway.h"
#include "services/gateway/response.h"

#include <czmq.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 8 << 20, RESCAN_MS = 1000, GZIP_LEVEL = 9 };

struct page_file {
    char *name; /* "js/queue.js" */
    char *path;
    struct timespec changed;
    char *bytes, *smaller; /* as it is, and gzip or NULL */
    size_t length, smaller_length;
    char etag[24];
    struct page_file *next;
};

struct page {
    char *folder;
    struct page_file *files;
    struct page_file *old; /* contents that an answer may still be read from */
    int64_t scanned_ms;
};

static const struct {
    const char *extension, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json"},
    {".webmanifest", "application/manifest+json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
};

static const char *type_of(const char *name)
{
    const char *point = strrchr(name, '.');
    for (size_t i = 0; point && i < sizeof types / sizeof *types; i++)
        if (strcmp(point, types[i].extension) == 0)
            return types[i].type;
    return NULL;
}

static void free_file(struct page_file *file)
{
    free(file->name);
    free(file->path);
    free(file->bytes);
    free(file->smaller);
    free(file);
}

static void free_files(struct page_file *file)
{
    while (file) {
        struct page_file *next = file->next;
        free_file(file);
        file = next;
    }
}

static void name_content(struct page_file *file)
{
    unsigned char digest[16];
    char hex[17];
    crypto_generichash(digest, sizeof digest, (const unsigned char *)file->bytes, file->length,
                       NULL, 0);
    sodium_bin2hex(hex, sizeof hex, digest, 8);
    snprintf(file->etag, sizeof file->etag, "\"%s\"", hex);
}

/* Reads the file's content. false when it is no ordinary file or too large. */
static bool load(struct page_file *file)
{
    struct stat status;
    int descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool loaded = false;
    if (descriptor < 0)
        return false;
    if (fstat(descriptor, &status) || !S_ISREG(status.st_mode) || status.st_size > FILE_BYTES_MAX)
        goto done;
    file->bytes = xcalloc(1, (size_t)status.st_size + 1);
    while (file->length < (size_t)status.st_size) {
        ssize_t got =
            read(descriptor, file->bytes + file->length, (size_t)status.st_size - file->length);
        if (got <= 0)
            goto done;
        file->length += (size_t)got;
    }
    file->changed = status.st_mtim;
    file->smaller = gzip(file->bytes, file->length, GZIP_LEVEL, &file->smaller_length);
    name_content(file);
    loaded = true;
done:
    close(descriptor);
    return loaded;
}

static struct page_file *find(const struct page *page, const char *name)
{
    struct page_file *file = page->files;
    while (file && strcmp(file->name, name) != 0)
        file = file->next;
    return file;
}

/* Of the packages, only what the page imports. */
static bool is_offered(const char *name)
{
    static const char packages[] = "node_modules/";
    static const char *const imported[] = {"node_modules/fflate/esm/", "node_modules/d3-dsv/src/"};
    if (*name == '.' || strstr(name, "/."))
        return false;
    for (size_t i = 0; i < sizeof imported / sizeof *imported; i++)
        if (strncmp(name, imported[i], strlen(imported[i])) == 0)
            return strcmp(type_of(name), type_of(".js")) == 0;
    return strncmp(name, packages, sizeof packages - 1) != 0 && strncmp(name, "package", 7) != 0;
}

static void add(struct page *page, const char *path)
{
    const char *name = path + strlen(page->folder) + 1;
    if (!type_of(name) || !is_offered(name) || find(page, name))
        return;
    struct page_file *file = xcalloc(1, sizeof *file);
    file->name = xstrdup(name);
    file->path = xstrdup(path);
    if (!load(file)) {
        log_warning("page_file_left_out", "path=\"%s\"", path);
        free_file(file);
        return;
    }
    file->next = page->files;
    page->files = file;
}

/* Takes up files that are new in the folder. */
static int scan(struct page *page, struct fault *fault)
{
    char *const roots[] = {page->folder, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    page->scanned_ms = zclock_mono();
    if (!tree)
        return fault_set(fault, "page.folder", "%s: %s", page->folder, strerror(errno));
    FTSENT *entry;
    while ((entry = fts_read(tree)))
        if (entry->fts_info == FTS_F)
            add(page, entry->fts_path);
    fts_close(tree);
    return 0;
}

struct page *page_open(const char *folder, struct fault *fault)
{
    struct page *page = xcalloc(1, sizeof *page);
    page->folder = xstrdup(folder);
    size_t length = strlen(folder);
    if (length > 1 && folder[length - 1] == '/')
        page->folder[length - 1] = 0;
    if (scan(page, fault))
        page_close(&page);
    return page;
}

void page_close(struct page **page)
{
    if (!*page)
        return;
    free_files((*page)->files);
    free_files((*page)->old);
    free((*page)->folder);
    free(*page);
    *page = NULL;
}

const char *page_folder(void)
{
    const char *given = getenv("JINMU_PAGE");
    return given && *given ? given : places_page;
}

/* Takes up a file's new content; what an answer may still be sending is kept till the end. */
static struct page_file *refresh(struct page *page, struct page_file *file)
{
    struct stat status;
    if (stat(file->path, &status) || (status.st_mtim.tv_sec == file->changed.tv_sec &&
                                      status.st_mtim.tv_nsec == file->changed.tv_nsec))
        return file;
    struct page_file **link = &page->files;
    while (*link != file)
        link = &(*link)->next;
    char *path = xstrdup(file->path), *name = xstrdup(file->name);
    *link = file->next;
    file->next = page->old;
    page->old = file;
    add(page, path);
    struct page_file *newer = find(page, name);
    free(path);
    free(name);
    return newer;
}

static struct page_file *find_now(struct page *page, const char *name)
{
    struct page_file *file = find(page, name);
    if (!file && zclock_mono() - page->scanned_ms > RESCAN_MS && scan(page, NULL) == 0)
        file = find(page, name);
    return file ? refresh(page, file) : NULL;
}

static char *name_wanted(const struct exchange *exchange)
{
    struct strbuf name = {0};
    for (size_t i = 0; i < exchange->segment_count; i++)
        strbuf_printf(&name, "%s%s", i ? "/" : "", exchange->segments[i]);
    const char *last =
        exchange->segment_count ? exchange->segments[exchange->segment_count - 1] : "";
    if (!strchr(last, '.')) { /* a place in the page */
        strbuf_reset(&name);
        strbuf_puts(&name, "index.html");
    }
    return strbuf_take(&name);
}

static void answer_file(struct exchange *exchange, const struct page_file *file)
{
    struct reply *answer = &exchange->answer;
    const char *accepted = exchange_header(exchange, "Accept-Encoding");
    bool smaller = file->smaller && accepted && strstr(accepted, "gzip");
    reply_bytes(exchange, MHD_HTTP_OK, type_of(file->name), smaller ? file->smaller : file->bytes,
                smaller ? file->smaller_length : file->length);
    answer->borrowed = true;
    answer->gzipped = smaller;
    answer->is_page = true;
    reply_header(exchange, "Cache-Control", "no-cache"); /* asked again, by its ETag */
    reply_etag(exchange, file->etag);
}

bool page_serve(struct exchange *exchange)
{
    bool reads = strcmp(exchange->method, "GET") == 0 || strcmp(exchange->method, "HEAD") == 0;
    char *name = name_wanted(exchange);
    struct page_file *file = reads ? find_now(exchange->gateway->page, name) : NULL;
    if (file)
        answer_file(exchange, file);
    free(name);
    return file != NULL;
}
