#include "services/cli/document_file.h"

#include "catalog/intake/document.h"
#include "catalog/intake/document_pdf.h"
#include "common/strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The bytes of the file, "-" for the standard input. 0, or -1 with a fault. */
static int read_file(const char *path, struct strbuf *bytes, struct fault *fault)
{
    bool is_input = strcmp(path, "-") == 0;
    int file = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    int result = 0;
    if (file < 0)
        return fault_set(fault, "document.unreadable", "无法打开：%s", strerror(errno));
    for (;;) {
        char piece[65536];
        ssize_t got = read(file, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            result = fault_set(fault, "document.unreadable", "读取失败：%s", strerror(errno));
        if (got <= 0)
            break;
        strbuf_add(bytes, piece, (size_t)got);
        if (bytes->length > DOCUMENT_BYTES_MAX)
            break; /* document_read says so */
    }
    if (!is_input)
        close(file);
    return result;
}

/* The bytes as text: what pdftotext makes of a PDF, anything else as it is. */
static int convert_pdf(struct strbuf *bytes, struct fault *fault)
{
    if (bytes->length > DOCUMENT_BYTES_MAX || !document_is_pdf(bytes->text, bytes->length))
        return 0;
    size_t length = 0;
    char *text = document_pdf_text(bytes->text, bytes->length, &length, fault);
    if (!text)
        return -1;
    strbuf_free(bytes);
    strbuf_add(bytes, text, length);
    free(text);
    return 0;
}

struct jv *document_file_read(const char *path, struct fault *fault)
{
    struct strbuf bytes = {0};
    struct jv *document = NULL;
    if (read_file(path, &bytes, fault) == 0 && convert_pdf(&bytes, fault) == 0)
        document = document_read(bytes.text ? bytes.text : "", bytes.length, path, fault);
    strbuf_free(&bytes);
    return document;
}
