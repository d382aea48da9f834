#include "services/collector/wire.h"

#include "common/strbuf.h"

#include <ctype.h>
#include <endian.h>
#include <string.h>

enum {
    HEADER_BYTES = 16,
    RECORD_FIXED_BYTES = 17,
    TALLY_BYTES = 24,
    SUBMITTED_BYTES = 8,
    RECORD_TEXTS = 9,
    HASH_DIGITS = 64
};
static const char magic[4] = {'J', 'C', '0', '1'};

static void put_u32(unsigned char *at, uint32_t number)
{
    number = htobe32(number);
    memcpy(at, &number, sizeof number);
}

static void put_u64(unsigned char *at, uint64_t number)
{
    number = htobe64(number);
    memcpy(at, &number, sizeof number);
}

static uint32_t get_u32(const unsigned char *at)
{
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return be32toh(number);
}

static uint64_t get_u64(const unsigned char *at)
{
    uint64_t number;
    memcpy(&number, at, sizeof number);
    return be64toh(number);
}

struct wire_text wire_text_of(const char *text)
{
    return (struct wire_text){text, strlen(text)};
}

zframe_t *wire_header_frame(const struct wire_header *header)
{
    unsigned char bytes[HEADER_BYTES] = {0};
    memcpy(bytes, magic, sizeof magic);
    bytes[4] = (unsigned char)header->command;
    bytes[5] = header->urgent ? WIRE_URGENT : 0;
    put_u64(bytes + 8, header->number);
    return zframe_new(bytes, sizeof bytes);
}

int wire_read_header(zframe_t *frame, struct wire_header *header, struct fault *fault)
{
    if (!frame || zframe_size(frame) != HEADER_BYTES)
        return fault_set(fault, "wire.malformed", "the header has not %d bytes", HEADER_BYTES);
    const unsigned char *bytes = zframe_data(frame);
    if (memcmp(bytes, magic, sizeof magic) != 0)
        return fault_set(fault, "wire.malformed", "the header does not begin with JC01");
    if (bytes[4] < WIRE_STORE || bytes[4] > WIRE_ANSWER)
        return fault_set(fault, "wire.malformed", "no command %d", bytes[4]);
    header->command = (enum wire_command)bytes[4];
    header->urgent = bytes[5] & WIRE_URGENT;
    header->number = get_u64(bytes + 8);
    return 0;
}

/* The texts of a record in the order of the wire. */
static void texts_of(struct wire_record *record, struct wire_text *texts[RECORD_TEXTS])
{
    struct wire_text *order[RECORD_TEXTS] = {
        &record->id,         &record->content_hash, &record->revision,
        &record->department, &record->decision,     &record->kind,
        &record->unit,       &record->project,      &record->result};
    memcpy(texts, order, sizeof order);
}

void wire_write_record(struct strbuf *records, const struct wire_record *record)
{
    unsigned char fixed[RECORD_FIXED_BYTES];
    uint64_t confidence;
    memcpy(&confidence, &record->confidence, sizeof confidence);
    fixed[0] = (unsigned char)((record->is_error ? WIRE_RECORD_ERROR : 0) |
                               (record->again ? WIRE_RECORD_AGAIN : 0));
    put_u64(fixed + 1, confidence);
    put_u32(fixed + 9, record->findings);
    put_u32(fixed + 13, record->microseconds);
    strbuf_add(records, (const char *)fixed, sizeof fixed);

    struct wire_record copy = *record;
    struct wire_text *texts[RECORD_TEXTS];
    texts_of(&copy, texts);
    for (int i = 0; i < RECORD_TEXTS; i++) {
        unsigned char length[4];
        put_u32(length, (uint32_t)texts[i]->length);
        strbuf_add(records, (const char *)length, sizeof length);
        strbuf_add(records, texts[i]->bytes, texts[i]->length);
    }
}

static bool is_hash(struct wire_text text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!isxdigit((unsigned char)text.bytes[i]))
            return false;
    return text.length == HASH_DIGITS;
}

int wire_read_record(const void *bytes, size_t length, size_t *offset, struct wire_record *record,
                     struct fault *fault)
{
    const unsigned char *at = (const unsigned char *)bytes + *offset;
    const unsigned char *end = (const unsigned char *)bytes + length;
    if (at == end)
        return 0;
    if (end - at < RECORD_FIXED_BYTES)
        return fault_set(fault, "wire.malformed", "a record is cut off at byte %zu", *offset);
    uint64_t confidence = get_u64(at + 1);
    record->is_error = at[0] & WIRE_RECORD_ERROR;
    record->again = at[0] & WIRE_RECORD_AGAIN;
    memcpy(&record->confidence, &confidence, sizeof confidence);
    record->findings = get_u32(at + 9);
    record->microseconds = get_u32(at + 13);
    record->submitted = 0;
    at += RECORD_FIXED_BYTES;

    struct wire_text *texts[RECORD_TEXTS];
    texts_of(record, texts);
    for (int i = 0; i < RECORD_TEXTS; i++) {
        if (end - at < 4 || (size_t)(end - at - 4) < get_u32(at))
            return fault_set(fault, "wire.malformed", "text %d of a record is cut off", i + 1);
        *texts[i] = (struct wire_text){(const char *)at + 4, get_u32(at)};
        at += 4 + texts[i]->length;
    }
    if (record->id.length == 0 || !is_hash(record->content_hash))
        return fault_set(fault, "wire.malformed", "a record without project id or content hash");
    *offset = (size_t)(at - (const unsigned char *)bytes);
    return 1;
}

zframe_t *wire_submitted_frame(int64_t submitted)
{
    unsigned char bytes[SUBMITTED_BYTES];
    put_u64(bytes, (uint64_t)submitted);
    return zframe_new(bytes, sizeof bytes);
}

int64_t wire_read_submitted(zframe_t *frame, struct fault *fault)
{
    if (!frame)
        return 0;
    uint64_t submitted = zframe_size(frame) == SUBMITTED_BYTES ? get_u64(zframe_data(frame)) : 0;
    if (submitted == 0 || submitted > INT64_MAX)
        return fault_set(fault, "wire.malformed", "the number of the request is none");
    return (int64_t)submitted;
}

zframe_t *wire_tally_frame(const struct wire_tally *tally)
{
    unsigned char bytes[TALLY_BYTES];
    put_u64(bytes, tally->first_event);
    put_u64(bytes + 8, tally->last_event);
    put_u32(bytes + 16, tally->stored);
    put_u32(bytes + 20, tally->duplicates);
    return zframe_new(bytes, sizeof bytes);
}

int wire_read_tally(zframe_t *frame, struct wire_tally *tally, struct fault *fault)
{
    if (!frame || zframe_size(frame) != TALLY_BYTES)
        return fault_set(fault, "wire.malformed", "the tally has not %d bytes", TALLY_BYTES);
    const unsigned char *bytes = zframe_data(frame);
    tally->first_event = get_u64(bytes);
    tally->last_event = get_u64(bytes + 8);
    tally->stored = get_u32(bytes + 16);
    tally->duplicates = get_u32(bytes + 20);
    return 0;
}
