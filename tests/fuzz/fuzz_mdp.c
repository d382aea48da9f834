/* The decoders of messages: MDP in both directions, the collector's wire, and the body as a project.
 * An input is frames: a byte of length, then that many bytes, and so on. */
#include "catalog/project.h"
#include "common/mdp.h"
#include "services/collector/wire.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

static zmsg_t *frames_of(const uint8_t *data, size_t size)
{
    zmsg_t *frames = zmsg_new();
    for (size_t at = 0; at < size;) {
        size_t length = data[at++];
        if (length > size - at)
            length = size - at;
        zmsg_addmem(frames, data + at, length);
        at += length;
    }
    return frames;
}

static void read_body(zmsg_t *body)
{
    for (zframe_t *frame = zmsg_first(body); frame; frame = zmsg_next(body)) {
        struct fault fault = {0};
        struct project project = {0};
        struct jv *json = jv_read((const char *)zframe_data(frame), zframe_size(frame), &fault);
        PROMISE(json || *fault.code);
        if (json)
            project_read(&project, json, &project_limits_default, &fault);
        project_clear(&project);
        jv_destroy(&json);
    }
}

static bool same_frames(zmsg_t *one, zmsg_t *other)
{
    zframe_t *a = zmsg_first(one), *b = zmsg_first(other);
    for (; a && b; a = zmsg_next(one), b = zmsg_next(other))
        if (!zframe_eq(a, b))
            return false;
    return !a && !b;
}

static void decode(const uint8_t *data, size_t size, bool from_broker)
{
    struct fault fault = {0};
    struct mdp_message message = {0};
    zmsg_t *frames = frames_of(data, size), *original = zmsg_dup(frames);
    if (mdp_decode(&message, &frames, from_broker, &fault)) {
        PROMISE(strcmp(fault.code, "mdp.malformed") == 0);
    } else {
        read_body(message.body);
        zmsg_t *again = mdp_encode(&message, from_broker);
        PROMISE(same_frames(again, original));
        zmsg_destroy(&again);
    }
    PROMISE(!frames);
    mdp_message_clear(&message);
    zmsg_destroy(&original);
}

static void read_wire(const uint8_t *data, size_t size)
{
    struct wire_record record;
    struct wire_header header;
    struct fault fault = {0};
    size_t offset = 0, last = 0;
    while (wire_read_record(data, size, &offset, &record, &fault) == 1) {
        PROMISE(offset > last && offset <= size);
        last = offset;
    }
    zframe_t *frame = zframe_new(data, size);
    if (wire_read_header(frame, &header, &fault))
        PROMISE(*fault.code);
    zframe_destroy(&frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode(data, size, false);
    decode(data, size, true);
    read_wire(data, size);
    return 0;
}
