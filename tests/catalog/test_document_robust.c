#include "catalog/intake/document.h"
#include "catalog/intake/document_pdf.h"
#include "tests/catalog/documents.h"

#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLE "deploy/sample/预算公开样例.txt"
#define SMALL                                                                                                                            \
    "青禾市民政局\n2026年度单位预算公开\n项目绩效目标表\n项目名称\t助餐服务\n实施单位\t青禾市民政" \
    "局\n"                                                                                                                              \
    "年度资金总额（元）\t100\n项目概况\t助餐。\n"

static void assert_refused(const char *bytes, size_t length, const char *code)
{
    struct fault fault = {0};
    struct jv *document = document_read(bytes, length, "fixture", &fault);
    assert_null(document);
    assert_string_equal(fault.code, code);
    assert_true(strlen(fault.message) > 0);
}

static char *encoded(const char *encoding, const char *text, size_t *length)
{
    iconv_t converter = iconv_open(encoding, "UTF-8");
    size_t left = strlen(text), room = left * 4;
    char *out = calloc(room, 1), *to = out, *in = (char *)text;
    assert_true(iconv(converter, &in, &left, &to, &room) != (size_t)-1);
    iconv_close(converter);
    *length = (size_t)(to - out);
    return out;
}

static void test_documents_without_projects_are_refused(void **state)
{
    (void)state;
    const char *const texts[] = {"", "\n\n", "晋城市的一篇普通文章，没有表。",
                                 "项目名称\t合计\t一般公共预算\n"};
    for (size_t i = 0; i < 4; i++)
        assert_refused(texts[i], strlen(texts[i]), "document.no_project");
}

static void test_bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    const char nul[] = "项目名称\0助餐服务", png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xd8\xfe";
    const char broken[] = SMALL "\xff\xfe 项目 \xe9\xa1";
    assert_refused(nul, sizeof nul - 1, "document.not_text");
    assert_refused(png, sizeof png - 1, "document.not_text");
    assert_refused(broken, sizeof broken - 1, "document.not_text");
}

static void test_other_encodings_are_converted_and_said(void **state)
{
    (void)state;
    const char *const encodings[] = {"GB18030", "UTF-16"};
    for (size_t i = 0; i < 2; i++) {
        size_t length = 0;
        char *bytes = encoded(encodings[i], SMALL, &length);
        struct fault fault = {0};
        struct jv *document = document_read(bytes, length, "fixture", &fault);
        free(bytes);
        if (!document)
            fail_msg("%s: %s", encodings[i], fault.message);
        assert_project(project_at(document, 0), "助餐服务", "青禾市民政局", 100);
        assert_true(has_finding(jv_get(document, "findings"), "intake.converted"));
        assert_true(
            has_finding(jv_get(project_at(document, 0), "intake_findings"), "intake.converted"));
        jv_destroy(&document);
    }
}

static void test_a_mark_at_the_start_and_a_cut_at_the_end(void **state)
{
    (void)state;
    const char bytes[] = "\xEF\xBB\xBF" SMALL "\xe9\xa1";
    struct fault fault = {0};
    struct jv *document = document_read(bytes, sizeof bytes - 1, "fixture", &fault);
    assert_non_null(document);
    assert_string_equal(jv_get_text(document, "unit"), "青禾市民政局");
    assert_true(has_finding(jv_get(document, "findings"), "intake.cut_off"));
    jv_destroy(&document);
}

static void test_labels_alone_give_a_project_full_of_findings(void **state)
{
    (void)state;
    struct jv *document = read_document("项目绩效目标表\n项目名称\t\n主管部门\t\t实施单位\t\n项目属"
                                        "性\t\t项目期\t\n项目资金（元）\t实施期资金"
                                        "总额：\t\t年度资金总额：\t\n项目概况\t\n立项依据\t\n");
    const struct jv *findings = jv_get(project_at(document, 0), "intake_findings");
    const char *const codes[] = {"intake.name_missing",  "intake.description_missing",
                                 "intake.unit_missing",  "intake.amount_missing",
                                 "intake.goals_missing", "intake.table_cut"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        assert_true(has_finding(findings, codes[i]));
    jv_destroy(&document);
}

/* Reads `text`, which must not crash whatever comes of it. */
static void survive(const char *text, size_t length)
{
    struct fault fault = {0};
    struct jv *document = document_read(text, length, "fuzz", &fault);
    if (document) {
        char *json = jv_write(document);
        assert_non_null(json);
        free(json);
    } else {
        assert_true(*fault.message);
    }
    jv_destroy(&document);
}

static double seconds_of(const char *text, size_t length)
{
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    survive(text, length);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* `length` bytes of a piece over and over, behind a table's beginning. */
static char *repeated(const char *piece, size_t length)
{
    size_t head = strlen(SMALL), size = strlen(piece);
    char *text = malloc(head + length + size + 1);
    memcpy(text, SMALL, head);
    for (size_t at = head; at < head + length; at += size)
        memcpy(text + at, piece, size);
    text[head + length / size * size] = 0;
    return text;
}

static void test_cost_grows_with_length_and_no_faster(void **state)
{
    (void)state;
    enum { SHORT = 128 << 10, TIMES = 8 };
    const char *const pieces[] = {
        "字",
        "\t",
        "字\t",
        "项目名称\t甲\n",
        "绩效目标表\n项目名称\t甲\n主管部门\t乙\n",
        "<p>",
        "<",
        "|甲",
        "项  目  ",
        "A160603甲、",
        "1,",
        "&",
        "（一）政府购买服务指导性目录\n甲\n",
        "项目概况\t甲\n",
        "绩效指标\t数量指标\t某数量\t≥3个\n",
        "2026年项目支出预算表\n",
        "项目名称\t合计\n甲\t1\n",
        "(20",
        "晋财综〔2023〕4号",
        "2026年",
    };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        char *small = repeated(pieces[i], SHORT), *large = repeated(pieces[i], SHORT * TIMES);
        double once = seconds_of(small, strlen(small)), more = seconds_of(large, strlen(large));
        free(small);
        free(large);
        if (more > 0.5 && more > once * TIMES * 4)
            fail_msg("'%s': %.3f s, and %.3f s for %d times as much", pieces[i], once, more, TIMES);
    }
}

static void test_a_line_of_two_megabytes_is_one_description(void **state)
{
    (void)state;
    char *text = repeated("长", 2 << 20);
    struct fault fault = {0};
    struct jv *document = document_read(text, strlen(text), "fixture", &fault);
    assert_non_null(document);
    const char *description = jv_get_text(project_at(document, 0), "description");
    assert_int_equal(strlen(description), strlen("助餐。\n") + (2 << 20) / 3 * 3);
    jv_destroy(&document);
    free(text);
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void test_every_beginning_of_a_document_is_survived(void **state)
{
    (void)state;
    size_t length = 0;
    char *text = read_bytes(SAMPLE, &length);
    assert_non_null(text);
    for (size_t end = 0; end < length; end += 397)
        survive(text, end);
    free(text);
}

static void test_damaged_documents_are_survived(void **state)
{
    (void)state;
    enum { ROUNDS = 300, PIECE = 6000, DAMAGES = 40 };
    static const char *const splices[] = {
        "\t",           "\n", "|", "<td>", "</tr>", "项目名称", "绩效目标表\n", "：",
        "年度资金总额", "（", "9", " ",    "A1",    "\xe9",     "\x80"};
    size_t length = 0;
    char *text = read_bytes(SAMPLE, &length);
    uint32_t random = 20260101;
    assert_non_null(text);
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t from = next_random(&random) % (length - PIECE);
        char *piece = malloc(PIECE);
        memcpy(piece, text + from, PIECE);
        for (size_t i = 0; i < DAMAGES; i++) {
            const char *splice = splices[next_random(&random) % (round % 2 ? 15 : 13)];
            size_t at = next_random(&random) % (PIECE - 16);
            memcpy(piece + at, splice, strlen(splice));
        }
        /* Every other piece is made well-formed again, to get past the first check. */
        for (size_t i = 0; round % 2 == 0 && i < PIECE; i++)
            if ((unsigned char)piece[i] >= 0x80 &&
                (i + 3 > PIECE || (unsigned char)piece[i] < 0xE2 ||
                 (unsigned char)piece[i] > 0xE9 || ((unsigned char)piece[i + 1] & 0xC0) != 0x80 ||
                 ((unsigned char)piece[i + 2] & 0xC0) != 0x80))
                piece[i] = '\t';
            else if ((unsigned char)piece[i] >= 0x80)
                i += 2;
        survive(piece, PIECE);
        free(piece);
    }
    free(text);
}

/* A pdftotext of our own in front of $PATH. */
static char *fake_pdftotext(const char *script)
{
    char *folder = strdup("/tmp/jinmu-pdf-XXXXXX"), path[256];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pdftotext", folder);
    if (script) {
        FILE *file = fopen(path, "w");
        fprintf(file, "#!/bin/sh\n%s\n", script);
        fclose(file);
        chmod(path, 0700);
    }
    return folder;
}

static char *run_fake(const char *script, size_t *length, struct fault *fault)
{
    const char pdf[] = "%PDF-1.7 the bytes of a file";
    char *folder = fake_pdftotext(script), path[512], *old = strdup(getenv("PATH"));
    assert_true(document_is_pdf(pdf, sizeof pdf - 1));
    snprintf(path, sizeof path, script ? "%s:/usr/bin:/bin" : "%s", folder);
    setenv("PATH", path, 1);
    char *text = document_pdf_text(pdf, sizeof pdf - 1, length, fault);
    setenv("PATH", old, 1);
    snprintf(path, sizeof path, "%s/pdftotext", folder);
    unlink(path);
    rmdir(folder);
    free(folder);
    free(old);
    return text;
}

static void test_a_pdf_goes_through_pdftotext(void **state)
{
    (void)state;
    size_t length = 0;
    struct fault fault = {0};
    char *text = run_fake("echo \"$*\"; cat", &length, &fault);
    assert_non_null(text);
    assert_string_equal(text, "-q -layout -enc UTF-8 - -\n%PDF-1.7 the bytes of a file");
    assert_int_equal(length, strlen(text));
    free(text);
}

static void test_a_pdf_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    size_t length = 0;
    struct fault fault = {0};
    assert_null(run_fake("exit 1", &length, &fault));
    assert_string_equal(fault.code, "document.pdf_failed");
    assert_null(run_fake(NULL, &length, &fault));
    assert_string_equal(fault.code, "document.pdf_tool_missing");
    assert_non_null(strstr(fault.message, "poppler-utils"));
}

static void test_a_pdf_without_end_is_stopped(void **state)
{
    (void)state;
    size_t length = 0;
    struct fault fault = {0};
    assert_null(run_fake("exec cat /dev/zero", &length, &fault));
    assert_string_equal(fault.code, "document.pdf_failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents_without_projects_are_refused),
        cmocka_unit_test(test_bytes_that_are_no_text_are_refused),
        cmocka_unit_test(test_other_encodings_are_converted_and_said),
        cmocka_unit_test(test_a_mark_at_the_start_and_a_cut_at_the_end),
        cmocka_unit_test(test_labels_alone_give_a_project_full_of_findings),
        cmocka_unit_test(test_cost_grows_with_length_and_no_faster),
        cmocka_unit_test(test_a_line_of_two_megabytes_is_one_description),
        cmocka_unit_test(test_every_beginning_of_a_document_is_survived),
        cmocka_unit_test(test_damaged_documents_are_survived),
        cmocka_unit_test(test_a_pdf_goes_through_pdftotext),
        cmocka_unit_test(test_a_pdf_that_cannot_be_read_says_why),
        cmocka_unit_test(test_a_pdf_without_end_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
