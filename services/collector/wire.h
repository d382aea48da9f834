#ifndef JINMU_COLLECTOR_WIRE_H
#define JINMU_COLLECTOR_WIRE_H

#include "common/fault.h"

#include <czmq.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is spoken with the collector (its socket is a ROUTER, its peers' are DEALERs), version 1.
 * All numbers are big-endian. Frame 1 of every message is the header, 16 bytes:
 *
 *   0  4 bytes  "JC01"
 *   4  1 byte   command
 *   5  1 byte   flags: bit 0 of STORE: urgent, someone is waiting for this batch
 *   6  2 bytes  zero
 *   8  8 bytes  number that the peer chose; the answer carries the same
 *
 * STORE   1  engine version | model | records [| number of the request]   worker → collector
 * STORED  2  tally, 24 bytes: first event (8), last event (8), results stored anew (4), results
 *            that were there already (4)                    collector → worker
 * REFUSED 3  code | message; nothing of the message was done, it may be sent again later
 * ASK     4  question, JSON                                 anyone → collector
 * ANSWER  5  JSON | { event number in decimal | topic | JSON of the result }…
 *
 * The collector answers STORED after the commit that holds the whole batch; a batch sent twice is
 * stored once. The records frame is a sequence of
 *
 *   1 byte   flags: bit 0: the result is an error; bit 1: judged again: nobody handed the project in
 *            anew, and another text of it that has come since counts
 *   8 bytes  confidence, IEEE 754 double
 *   4 bytes  number of findings
 *   4 bytes  how long the judging took, in microseconds
 *   9 texts, each 4 bytes length and that many bytes of UTF-8: project id, content hash (64 hex
 *            digits), revision, department, decision, kind, unit, project (JSON), result (JSON)
 *
 * The number of the request, 8 bytes, tells which of two requests the broker accepted first: that of
 * the later one is greater. Of two texts of one project the later one counts, whichever is judged last.
 */
enum wire_command {
    WIRE_STORE = 1,
    WIRE_STORED = 2,
    WIRE_REFUSED = 3,
    WIRE_ASK = 4,
    WIRE_ANSWER = 5
};
enum { WIRE_URGENT = 1, WIRE_RECORD_ERROR = 1, WIRE_RECORD_AGAIN = 2 };

struct wire_header {
    enum wire_command command;
    bool urgent;
    uint64_t number;
};

/* Bytes borrowed from a frame, without a NUL at their end. */
struct wire_text {
    const char *bytes;
    size_t length;
};

struct wire_record {
    bool is_error;
    bool again;
    double confidence;
    uint32_t findings;
    uint32_t microseconds;
    int64_t submitted; /* number of the request, from its frame; 0: none */
    struct wire_text id;
    struct wire_text content_hash;
    struct wire_text revision;
    struct wire_text department;
    struct wire_text decision;
    struct wire_text kind;
    struct wire_text unit;
    struct wire_text project;
    struct wire_text result;
};

struct wire_tally {
    uint64_t first_event; /* of the batch's results, stored anew or not; 0: none */
    uint64_t last_event;
    uint32_t stored;
    uint32_t duplicates;
};

zframe_t *wire_header_frame(const struct wire_header *header);
/* 0, or -1 with a fault "wire.malformed". */
int wire_read_header(zframe_t *frame, struct wire_header *header, struct fault *fault);

struct strbuf;
void wire_write_record(struct strbuf *records, const struct wire_record *record);
/* Reads the record at *offset and moves the offset behind it. 1, 0 at the end of the frame, or -1
 * with a fault "wire.malformed". The record's texts point into `bytes`. */
int wire_read_record(const void *bytes, size_t length, size_t *offset, struct wire_record *record,
                     struct fault *fault);

zframe_t *wire_submitted_frame(int64_t submitted);
/* 0 without a frame, which is no fault; -1 with a fault "wire.malformed". */
int64_t wire_read_submitted(zframe_t *frame, struct fault *fault);

zframe_t *wire_tally_frame(const struct wire_tally *tally);
int wire_read_tally(zframe_t *frame, struct wire_tally *tally, struct fault *fault);

struct wire_text wire_text_of(const char *text);

#endif
