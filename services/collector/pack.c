/* ZDICT_finalizeDictionary is a stable function of libzstd. */
#include "services/collector/pack.h"

#include "common/log.h"
#include "common/strbuf.h"

#include <stdlib.h>
#include <zdict.h>
#include <zstd.h>

enum {
    LEVEL = 1,        /* the next ones take twice the time for a twentieth of the room */
    WORTH_BYTES = 96, /* shorter texts are left as they are */
    SAMPLED = 16,     /* every so manieth project is a sample */
    SAMPLES = 64,     /* projects that make a dictionary */
    SAMPLE_BYTES = 4096,
    DICTIONARY_BYTES = 64 * 1024, /* of content */
    HEADER_ROOM = 4096,           /* of a dictionary, around its content */
    FIRST_NUMBER = 32768,         /* zstd keeps smaller ones for itself */
    TEXT_BYTES_MAX = 256 << 20,   /* a longer one is no text of ours */
};

struct packer {
    struct store *store;
    ZSTD_CCtx *compression;
    ZSTD_DCtx *decompression;
    ZSTD_CDict *writing; /* NULL while there is no dictionary */
    ZSTD_DDict *reading;
    struct strbuf samples; /* texts behind each other … */
    size_t lengths[2 * SAMPLES];
    size_t sample_count;
    uint64_t shown;
    char *buffer; /* of the last packed text */
    size_t capacity;
};

/* Where and how a text begins is what others have in common with it. */
static void add_sample(struct packer *packer, struct wire_text text)
{
    size_t length = text.length < SAMPLE_BYTES ? text.length : SAMPLE_BYTES;
    strbuf_add(&packer->samples, text.bytes, length);
    packer->lengths[packer->sample_count++] = length;
}

void packer_sample(struct packer *packer, struct wire_text project, struct wire_text result)
{
    bool wanted = !packer->writing && packer->shown++ % SAMPLED == 0;
    if (!wanted || packer->sample_count + 2 > 2 * SAMPLES)
        return;
    add_sample(packer, project);
    add_sample(packer, result);
}

static void use_dictionary(struct packer *packer, const void *content, size_t bytes)
{
    packer->writing = ZSTD_createCDict(content, bytes, LEVEL);
    packer->reading = ZSTD_createDDict(content, bytes);
}

static int keep_dictionary(struct packer *packer, const void *content, size_t bytes)
{
    struct fault fault;
    sqlite3_stmt *insert = store_prepare(
        packer->store, "INSERT INTO dictionary (number, content) VALUES (?, ?)", &fault);
    int status =
        insert ? store_run(packer->store,
                           store_bind(insert, "ib", (int64_t)FIRST_NUMBER, content, bytes), &fault)
               : -1;
    sqlite3_finalize(insert);
    if (status)
        log_error("dictionary_failed", "code=%s reason=\"%s\"", fault.code, fault.message);
    return status;
}

void packer_learn(struct packer *packer)
{
    if (packer->writing || packer->sample_count < 2 * SAMPLES)
        return;
    size_t content = packer->samples.length;
    if (content > DICTIONARY_BYTES)
        content = DICTIONARY_BYTES;
    size_t room = content + HEADER_ROOM;
    char *dictionary = xcalloc(room, 1);
    ZDICT_params_t parameters = {.compressionLevel = LEVEL, .dictID = FIRST_NUMBER};
    size_t bytes = ZDICT_finalizeDictionary(dictionary, room, packer->samples.text, content,
                                            packer->samples.text, packer->lengths,
                                            (unsigned)packer->sample_count, parameters);
    if (ZDICT_isError(bytes))
        log_warning("dictionary_useless", "reason=\"%s\"", ZDICT_getErrorName(bytes));
    else if (keep_dictionary(packer, dictionary, bytes) == 0)
        use_dictionary(packer, dictionary, bytes);
    free(dictionary);
    strbuf_free(&packer->samples);
    packer->sample_count = 0;
}

static void make_room(struct packer *packer, size_t bytes)
{
    if (bytes > packer->capacity) {
        packer->buffer = xrealloc(packer->buffer, bytes);
        packer->capacity = bytes;
    }
}

void packer_bind(struct packer *packer, sqlite3_stmt *statement, int place, struct wire_text text)
{
    size_t bytes = text.length;
    if (text.length >= WORTH_BYTES) {
        make_room(packer, ZSTD_compressBound(text.length));
        bytes =
            packer->writing
                ? ZSTD_compress_usingCDict(packer->compression, packer->buffer, packer->capacity,
                                           text.bytes, text.length, packer->writing)
                : ZSTD_compressCCtx(packer->compression, packer->buffer, packer->capacity,
                                    text.bytes, text.length, LEVEL);
    }
    if (!ZSTD_isError(bytes) && bytes < text.length)
        sqlite3_bind_blob64(statement, place, packer->buffer, bytes, SQLITE_STATIC);
    else
        sqlite3_bind_text64(statement, place, text.bytes, text.length, SQLITE_STATIC, SQLITE_UTF8);
}

static int read_dictionary(struct packer *packer, struct fault *fault)
{
    sqlite3_stmt *select =
        store_prepare(packer->store, "SELECT content FROM dictionary ORDER BY number", fault);
    int found = select ? store_next(packer->store, select, fault) : -1;
    if (found == 1)
        use_dictionary(packer, sqlite3_column_blob(select, 0),
                       (size_t)sqlite3_column_bytes(select, 0));
    sqlite3_finalize(select);
    return found < 0 ? -1 : 0;
}

/* unpacked(json): the text that was packed. */
static void unpack(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    struct packer *packer = sqlite3_user_data(context);
    if (sqlite3_value_type(values[0]) != SQLITE_BLOB) {
        sqlite3_result_value(context, values[0]);
        return;
    }
    const void *packed = sqlite3_value_blob(values[0]);
    size_t bytes = (size_t)sqlite3_value_bytes(values[0]);
    unsigned long long length = ZSTD_getFrameContentSize(packed, bytes);
    char *text = length <= TEXT_BYTES_MAX ? sqlite3_malloc64(length + 1) : NULL;
    if (!text) {
        sqlite3_result_error(context, "no packed text", -1);
        return;
    }
    bool needs_dictionary = ZSTD_getDictID_fromFrame(packed, bytes) != 0;
    if (needs_dictionary && !packer->reading)
        read_dictionary(packer, NULL); /* made by the writer since this reader began */
    size_t got = packer->reading && needs_dictionary
                     ? ZSTD_decompress_usingDDict(packer->decompression, text, length, packed,
                                                  bytes, packer->reading)
                     : ZSTD_decompressDCtx(packer->decompression, text, length, packed, bytes);
    if (got == length) {
        sqlite3_result_text64(context, text, length, sqlite3_free, SQLITE_UTF8);
        return;
    }
    sqlite3_free(text);
    sqlite3_result_error(context, "a packed text is damaged", -1);
}

struct packer *packer_new(struct store *store, struct fault *fault)
{
    struct packer *packer = xcalloc(1, sizeof *packer);
    packer->store = store;
    packer->compression = ZSTD_createCCtx();
    packer->decompression = ZSTD_createDCtx();
    sqlite3_create_function_v2(store->db, "unpacked", 1,
                               SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, packer,
                               unpack, NULL, NULL, NULL);
    if (read_dictionary(packer, fault))
        packer_destroy(&packer);
    return packer;
}

bool packer_has_dictionary(const struct packer *packer)
{
    return packer->reading != NULL;
}

void packer_destroy(struct packer **packer)
{
    if (!*packer)
        return;
    ZSTD_freeCDict((*packer)->writing);
    ZSTD_freeDDict((*packer)->reading);
    ZSTD_freeCCtx((*packer)->compression);
    ZSTD_freeDCtx((*packer)->decompression);
    strbuf_free(&(*packer)->samples);
    free((*packer)->buffer);
    free(*packer);
    *packer = NULL;
}
