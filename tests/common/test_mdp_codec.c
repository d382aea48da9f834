/* The codec of 7/MDP and 18/MDP against frames written out from the specifications. */
#include "common/mdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_FRAMES = 8 };

struct frame {
    const char *bytes;
    size_t size;
};
#define F(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

/* One message: what it means, and its frames. */
struct example {
    const char *name;
    bool from_broker;
    enum mdp_version version;
    enum mdp_role role;
    enum mdp_command command;
    bool delimited;
    const char *service;
    const char *client;
    size_t body_frames;
    size_t count;
    struct frame frames[MOST_FRAMES];
};

static const struct example examples[] = {
    {"18/MDP client REQUEST",
     false,
     MDP_V2,
     MDP_CLIENT,
     MDP_REQUEST,
     false,
     "classify",
     NULL,
     2,
     5,
     {F("MDPC02"), F("\001"), F("classify"), F("one"), F("")}},
    {"18/MDP client PARTIAL",
     true,
     MDP_V2,
     MDP_CLIENT,
     MDP_PARTIAL,
     false,
     "classify",
     NULL,
     1,
     4,
     {F("MDPC02"), F("\002"), F("classify"), F("half")}},
    {"18/MDP client FINAL",
     true,
     MDP_V2,
     MDP_CLIENT,
     MDP_FINAL,
     false,
     "classify",
     NULL,
     1,
     4,
     {F("MDPC02"), F("\003"), F("classify"), F("all")}},
    {"18/MDP worker READY",
     false,
     MDP_V2,
     MDP_WORKER,
     MDP_READY,
     false,
     "classify",
     NULL,
     0,
     3,
     {F("MDPW02"), F("\001"), F("classify")}},
    {"18/MDP worker REQUEST",
     true,
     MDP_V2,
     MDP_WORKER,
     MDP_REQUEST,
     false,
     NULL,
     "\0A1",
     1,
     5,
     {F("MDPW02"), F("\002"), F("\0A1"), F(""), F("body")}},
    {"18/MDP worker PARTIAL",
     false,
     MDP_V2,
     MDP_WORKER,
     MDP_PARTIAL,
     false,
     NULL,
     "c",
     1,
     5,
     {F("MDPW02"), F("\003"), F("c"), F(""), F("half")}},
    {"18/MDP worker FINAL",
     false,
     MDP_V2,
     MDP_WORKER,
     MDP_FINAL,
     false,
     NULL,
     "c",
     2,
     6,
     {F("MDPW02"), F("\004"), F("c"), F(""), F("a"), F("b")}},
    {"18/MDP HEARTBEAT to broker",
     false,
     MDP_V2,
     MDP_WORKER,
     MDP_HEARTBEAT,
     false,
     NULL,
     NULL,
     0,
     2,
     {F("MDPW02"), F("\005")}},
    {"18/MDP HEARTBEAT from broker",
     true,
     MDP_V2,
     MDP_WORKER,
     MDP_HEARTBEAT,
     false,
     NULL,
     NULL,
     0,
     2,
     {F("MDPW02"), F("\005")}},
    {"18/MDP DISCONNECT",
     true,
     MDP_V2,
     MDP_WORKER,
     MDP_DISCONNECT,
     false,
     NULL,
     NULL,
     0,
     2,
     {F("MDPW02"), F("\006")}},
    {"18/MDP client with an empty frame before",
     false,
     MDP_V2,
     MDP_CLIENT,
     MDP_REQUEST,
     true,
     "s",
     NULL,
     1,
     5,
     {F(""), F("MDPC02"), F("\001"), F("s"), F("x")}},
    {"7/MDP client request",
     false,
     MDP_V1,
     MDP_CLIENT,
     MDP_REQUEST,
     true,
     "echo",
     NULL,
     1,
     4,
     {F(""), F("MDPC01"), F("echo"), F("hello")}},
    {"7/MDP client reply",
     true,
     MDP_V1,
     MDP_CLIENT,
     MDP_FINAL,
     true,
     "echo",
     NULL,
     1,
     4,
     {F(""), F("MDPC01"), F("echo"), F("hello")}},
    {"7/MDP worker READY",
     false,
     MDP_V1,
     MDP_WORKER,
     MDP_READY,
     true,
     "echo",
     NULL,
     0,
     4,
     {F(""), F("MDPW01"), F("\001"), F("echo")}},
    {"7/MDP worker REQUEST",
     true,
     MDP_V1,
     MDP_WORKER,
     MDP_REQUEST,
     true,
     NULL,
     "c",
     1,
     6,
     {F(""), F("MDPW01"), F("\002"), F("c"), F(""), F("x")}},
    {"7/MDP worker REPLY",
     false,
     MDP_V1,
     MDP_WORKER,
     MDP_FINAL,
     true,
     NULL,
     "c",
     1,
     6,
     {F(""), F("MDPW01"), F("\003"), F("c"), F(""), F("x")}},
    {"7/MDP HEARTBEAT",
     false,
     MDP_V1,
     MDP_WORKER,
     MDP_HEARTBEAT,
     true,
     NULL,
     NULL,
     0,
     3,
     {F(""), F("MDPW01"), F("\004")}},
    {"7/MDP DISCONNECT",
     true,
     MDP_V1,
     MDP_WORKER,
     MDP_DISCONNECT,
     true,
     NULL,
     NULL,
     0,
     3,
     {F(""), F("MDPW01"), F("\005")}},
};
enum { EXAMPLES = sizeof examples / sizeof *examples };

static zmsg_t *frames_of(const struct frame *frames, size_t count)
{
    zmsg_t *message = zmsg_new();
    for (size_t i = 0; i < count; i++)
        zmsg_addmem(message, frames[i].bytes, frames[i].size);
    return message;
}

static void assert_frames(zmsg_t *message, const struct example *example)
{
    assert_int_equal(zmsg_size(message), example->count);
    zframe_t *frame = zmsg_first(message);
    for (size_t i = 0; i < example->count; i++, frame = zmsg_next(message)) {
        assert_int_equal(zframe_size(frame), example->frames[i].size);
        assert_memory_equal(zframe_data(frame), example->frames[i].bytes, example->frames[i].size);
    }
}

static void test_every_message_is_read_as_the_specification_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        const struct example *example = &examples[i];
        zmsg_t *frames = frames_of(example->frames, example->count);
        struct mdp_message message;
        struct fault fault = {0};
        if (mdp_decode(&message, &frames, example->from_broker, &fault))
            fail_msg("%s: %s", example->name, fault.message);
        assert_null(frames);
        assert_int_equal(message.version, example->version);
        assert_int_equal(message.role, example->role);
        assert_int_equal(message.command, example->command);
        assert_int_equal(message.delimited, example->delimited);
        assert_int_equal(message.service != NULL, example->service != NULL);
        if (example->service)
            assert_string_equal(message.service, example->service);
        assert_int_equal(message.client != NULL, example->client != NULL);
        assert_int_equal(zmsg_size(message.body), example->body_frames);
        mdp_message_clear(&message);
    }
}

static void test_what_was_read_is_written_byte_for_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        const struct example *example = &examples[i];
        zmsg_t *frames = frames_of(example->frames, example->count);
        struct mdp_message message;
        assert_int_equal(mdp_decode(&message, &frames, example->from_broker, NULL), 0);
        frames = mdp_encode(&message, example->from_broker);
        assert_frames(frames, example);
        zmsg_destroy(&frames);
        mdp_message_clear(&message);
    }
}

static const struct {
    const char *name;
    bool from_broker;
    size_t count;
    struct frame frames[MOST_FRAMES];
} malformed[] = {
    {"no frames", false, 0, {F("")}},
    {"only an empty frame", false, 1, {F("")}},
    {"two empty frames", false, 5, {F(""), F(""), F("MDPC01"), F("s"), F("x")}},
    {"unknown header", false, 4, {F("MDPC03"), F("\001"), F("s"), F("x")}},
    {"cut header", false, 4, {F("MDPC0"), F("\001"), F("s"), F("x")}},
    {"long header", false, 4, {F("MDPC02 "), F("\001"), F("s"), F("x")}},
    {"header only", false, 1, {F("MDPC02")}},
    {"empty command", false, 4, {F("MDPC02"), F(""), F("s"), F("x")}},
    {"command of two bytes", false, 4, {F("MDPC02"), F("\001\001"), F("s"), F("x")}},
    {"command 0", false, 4, {F("MDPC02"), F("\0"), F("s"), F("x")}},
    {"unknown command", false, 3, {F("MDPW02"), F("\007"), F("s")}},
    {"the broker's command sent to it", false, 5, {F("MDPW02"), F("\002"), F("c"), F(""), F("x")}},
    {"the client's command sent to it", true, 4, {F("MDPC02"), F("\001"), F("s"), F("x")}},
    {"request without service", false, 2, {F("MDPC02"), F("\001")}},
    {"empty service", false, 4, {F("MDPC02"), F("\001"), F(""), F("x")}},
    {"service with a control character", false, 4, {F("MDPC02"), F("\001"), F("a\nb"), F("x")}},
    {"service with NUL", false, 4, {F("MDPC02"), F("\001"), F("a\0b"), F("x")}},
    {"service that is no UTF-8", false, 4, {F("MDPC02"), F("\001"), F("\xff\xfe"), F("x")}},
    {"request without body", false, 3, {F("MDPC02"), F("\001"), F("s")}},
    {"7/MDP request without body", false, 3, {F(""), F("MDPC01"), F("s")}},
    {"READY without service", false, 2, {F("MDPW02"), F("\001")}},
    {"READY with a body", false, 4, {F("MDPW02"), F("\001"), F("s"), F("x")}},
    {"FINAL without client", false, 2, {F("MDPW02"), F("\004")}},
    {"FINAL with an empty client", false, 5, {F("MDPW02"), F("\004"), F(""), F(""), F("x")}},
    {"FINAL without the empty frame", false, 4, {F("MDPW02"), F("\004"), F("c"), F("x")}},
    {"FINAL without body", false, 4, {F("MDPW02"), F("\004"), F("c"), F("")}},
    {"HEARTBEAT with a body", false, 3, {F("MDPW02"), F("\005"), F("x")}},
};

static void test_malformed_frames_are_refused_with_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        zmsg_t *frames = frames_of(malformed[i].frames, malformed[i].count);
        struct mdp_message message;
        struct fault fault = {0};
        if (mdp_decode(&message, &frames, malformed[i].from_broker, &fault) != -1)
            fail_msg("%s was taken", malformed[i].name);
        assert_null(frames);
        assert_null(message.body);
        assert_string_equal(fault.code, "mdp.malformed");
        assert_true(strlen(fault.message) > 0);
    }
}

static void test_a_service_name_has_a_longest_length(void **state)
{
    (void)state;
    char name[MDP_NAME_BYTES + 1];
    memset(name, 'a', sizeof name);
    assert_true(mdp_is_service(name, MDP_NAME_BYTES));
    assert_false(mdp_is_service(name, MDP_NAME_BYTES + 1));
    assert_false(mdp_is_service("", 0));
    assert_true(mdp_is_service("分类", strlen("分类")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_message_is_read_as_the_specification_says),
        cmocka_unit_test(test_what_was_read_is_written_byte_for_byte),
        cmocka_unit_test(test_malformed_frames_are_refused_with_a_reason),
        cmocka_unit_test(test_a_service_name_has_a_longest_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
