/* The frames between workers and the collector: byte for byte, and cut off anywhere. */
#include "common/strbuf.h"
#include "services/collector/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char hash[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static struct wire_record sample(void)
{
    return (struct wire_record){.is_error = true,
                                .confidence = 1.0,
                                .findings = 258,
                                .microseconds = 51,
                                .id = wire_text_of("甲"),
                                .content_hash = wire_text_of(hash),
                                .revision = wire_text_of("r"),
                                .department = wire_text_of(""),
                                .decision = wire_text_of("auto"),
                                .kind = wire_text_of("service"),
                                .unit = wire_text_of("u"),
                                .project = wire_text_of("{}"),
                                .result = wire_text_of("[]")};
}

static void test_record_is_written_as_documented(void **state)
{
    (void)state;
    struct strbuf records = {0};
    struct wire_record record = sample();
    wire_write_record(&records, &record);
    static const char begin[] =
        "\x01\x3f\xf0\0\0\0\0\0\0\0\0\x01\x02\0\0\0\x33\0\0\0\x03\xe7\x94\xb2\0\0\0\x40";
    static const char end[] = "\0\0\0\x01r\0\0\0\0\0\0\0\x04"
                              "auto\0\0\0\x07service\0\0\0\x01u\0\0\0\x02{}\0\0\0\x02[]";
    assert_int_equal(records.length, sizeof begin - 1 + 64 + sizeof end - 1);
    assert_memory_equal(records.text, begin, sizeof begin - 1);
    assert_memory_equal(records.text + sizeof begin - 1, hash, 64);
    assert_memory_equal(records.text + sizeof begin - 1 + 64, end, sizeof end - 1);
    strbuf_free(&records);
}

static void test_records_are_read_back_one_after_the_other(void **state)
{
    (void)state;
    struct strbuf records = {0};
    struct wire_record record = sample(), read;
    wire_write_record(&records, &record);
    record.is_error = false;
    record.confidence = 0.25;
    wire_write_record(&records, &record);

    size_t offset = 0;
    assert_int_equal(wire_read_record(records.text, records.length, &offset, &read, NULL), 1);
    assert_true(read.is_error);
    assert_int_equal(read.findings, 258);
    assert_memory_equal(read.id.bytes, "甲", 3);
    assert_int_equal(wire_read_record(records.text, records.length, &offset, &read, NULL), 1);
    assert_false(read.is_error);
    assert_true(read.confidence == 0.25);
    assert_memory_equal(read.result.bytes, "[]", 2);
    assert_int_equal(wire_read_record(records.text, records.length, &offset, &read, NULL), 0);
    strbuf_free(&records);
}

static void test_record_cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    struct strbuf records = {0};
    struct wire_record record = sample(), read;
    wire_write_record(&records, &record);
    for (size_t length = 1; length < records.length; length++) {
        char *exact = malloc(length); /* so that a sanitizer sees a read beyond */
        memcpy(exact, records.text, length);
        size_t offset = 0;
        struct fault fault;
        assert_int_equal(wire_read_record(exact, length, &offset, &read, &fault), -1);
        assert_string_equal(fault.code, "wire.malformed");
        free(exact);
    }
    strbuf_free(&records);
}

static void test_record_without_id_or_hash_is_refused(void **state)
{
    (void)state;
    struct wire_record read, without_id = sample(), without_hash = sample();
    without_id.id = wire_text_of("");
    without_hash.content_hash = wire_text_of("xyz");
    const struct wire_record *bad[] = {&without_id, &without_hash};
    for (int i = 0; i < 2; i++) {
        struct strbuf records = {0};
        size_t offset = 0;
        wire_write_record(&records, bad[i]);
        assert_int_equal(wire_read_record(records.text, records.length, &offset, &read, NULL), -1);
        strbuf_free(&records);
    }
}

static void test_header_carries_command_urgency_and_number(void **state)
{
    (void)state;
    struct wire_header header = {.command = WIRE_STORE, .urgent = true, .number = 0x0102}, read;
    zframe_t *frame = wire_header_frame(&header);
    assert_int_equal(zframe_size(frame), 16);
    assert_memory_equal(zframe_data(frame), "JC01\x01\x01\0\0\0\0\0\0\0\0\x01\x02", 16);
    assert_int_equal(wire_read_header(frame, &read, NULL), 0);
    assert_true(read.urgent);
    assert_int_equal(read.number, 0x0102);
    zframe_destroy(&frame);
}

static void test_wrong_headers_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "JC01", "JC02\x01...........", "JC01\x09..........."};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct wire_header header;
        struct fault fault;
        zframe_t *frame = zframe_new(wrong[i], strlen(wrong[i]));
        assert_int_equal(wire_read_header(frame, &header, &fault), -1);
        assert_string_equal(fault.code, "wire.malformed");
        zframe_destroy(&frame);
    }
    assert_int_equal(wire_read_header(NULL, &(struct wire_header){0}, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_is_written_as_documented),
        cmocka_unit_test(test_records_are_read_back_one_after_the_other),
        cmocka_unit_test(test_record_cut_off_anywhere_is_refused),
        cmocka_unit_test(test_record_without_id_or_hash_is_refused),
        cmocka_unit_test(test_header_carries_command_urgency_and_number),
        cmocka_unit_test(test_wrong_headers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
