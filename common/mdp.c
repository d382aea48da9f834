#include "common/mdp.h"

#include "common/strbuf.h"
#include "common/text.h"

#include <stdlib.h>
#include <string.h>

/* The commands as bytes, and which way they go. 7/MDP gives clients no command byte. */
enum way { TO_BROKER = 1, FROM_BROKER = 2, BOTH_WAYS = 3 };
enum { NO_BYTE = 0 };

static const struct wire {
    enum mdp_version version;
    enum mdp_role role;
    enum mdp_command command;
    enum way way;
    byte code;
} wires[] = {
    {MDP_V1, MDP_CLIENT, MDP_REQUEST, TO_BROKER, NO_BYTE},
    {MDP_V1, MDP_CLIENT, MDP_FINAL, FROM_BROKER, NO_BYTE},
    {MDP_V1, MDP_WORKER, MDP_READY, TO_BROKER, 1},
    {MDP_V1, MDP_WORKER, MDP_REQUEST, FROM_BROKER, 2},
    {MDP_V1, MDP_WORKER, MDP_FINAL, TO_BROKER, 3},
    {MDP_V1, MDP_WORKER, MDP_HEARTBEAT, BOTH_WAYS, 4},
    {MDP_V1, MDP_WORKER, MDP_DISCONNECT, BOTH_WAYS, 5},
    {MDP_V2, MDP_CLIENT, MDP_REQUEST, TO_BROKER, 1},
    {MDP_V2, MDP_CLIENT, MDP_PARTIAL, FROM_BROKER, 2},
    {MDP_V2, MDP_CLIENT, MDP_FINAL, FROM_BROKER, 3},
    {MDP_V2, MDP_WORKER, MDP_READY, TO_BROKER, 1},
    {MDP_V2, MDP_WORKER, MDP_REQUEST, FROM_BROKER, 2},
    {MDP_V2, MDP_WORKER, MDP_PARTIAL, TO_BROKER, 3},
    {MDP_V2, MDP_WORKER, MDP_FINAL, TO_BROKER, 4},
    {MDP_V2, MDP_WORKER, MDP_HEARTBEAT, BOTH_WAYS, 5},
    {MDP_V2, MDP_WORKER, MDP_DISCONNECT, BOTH_WAYS, 6},
};
enum { WIRES = sizeof wires / sizeof *wires };

static const struct header {
    enum mdp_version version;
    enum mdp_role role;
    const char text[7];
} headers[] = {
    {MDP_V1, MDP_CLIENT, "MDPC01"},
    {MDP_V1, MDP_WORKER, "MDPW01"},
    {MDP_V2, MDP_CLIENT, "MDPC02"},
    {MDP_V2, MDP_WORKER, "MDPW02"},
};
enum { HEADERS = sizeof headers / sizeof *headers, HEADER_BYTES = 6 };

static bool names_service(const struct mdp_message *message)
{
    return message->role == MDP_CLIENT || message->command == MDP_READY;
}

static bool names_client(const struct mdp_message *message)
{
    return message->role == MDP_WORKER &&
           (message->command == MDP_REQUEST || message->command == MDP_PARTIAL ||
            message->command == MDP_FINAL);
}

static bool has_body(const struct mdp_message *message)
{
    return message->role == MDP_CLIENT || names_client(message);
}

static int malformed(struct fault *fault, const char *what)
{
    return fault_set(fault, "mdp.malformed", "%s", what);
}

bool mdp_is_service(const void *bytes, size_t length)
{
    const unsigned char *name = bytes;
    if (length == 0 || length > MDP_NAME_BYTES || !text_is_utf8(bytes, length))
        return false;
    for (size_t i = 0; i < length; i++)
        if (name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return true;
}

static int take_header(struct mdp_message *message, struct fault *fault)
{
    zframe_t *frame = zmsg_pop(message->body);
    if (frame && zframe_size(frame) == 0) {
        message->delimited = true;
        zframe_destroy(&frame);
        frame = zmsg_pop(message->body);
    }
    for (size_t i = 0; frame && i < HEADERS; i++)
        if (zframe_size(frame) == HEADER_BYTES &&
            memcmp(zframe_data(frame), headers[i].text, HEADER_BYTES) == 0) {
            message->version = headers[i].version;
            message->role = headers[i].role;
            zframe_destroy(&frame);
            return 0;
        }
    zframe_destroy(&frame);
    return malformed(fault, "header is none of MDPC01, MDPC02, MDPW01, MDPW02");
}

static int take_command(struct mdp_message *message, enum way way, struct fault *fault)
{
    byte code = NO_BYTE;
    if (message->version != MDP_V1 || message->role != MDP_CLIENT) {
        zframe_t *frame = zmsg_pop(message->body);
        if (frame && zframe_size(frame) == 1)
            code = *zframe_data(frame);
        zframe_destroy(&frame);
        if (code == NO_BYTE)
            return malformed(fault, "command frame is missing or no single byte");
    }
    for (size_t i = 0; i < WIRES; i++)
        if (wires[i].version == message->version && wires[i].role == message->role &&
            wires[i].code == code && (wires[i].way & way)) {
            message->command = wires[i].command;
            return 0;
        }
    return malformed(fault, "unknown command, or one for the other side");
}

static int take_service(struct mdp_message *message, struct fault *fault)
{
    zframe_t *frame = zmsg_pop(message->body);
    if (frame && mdp_is_service(zframe_data(frame), zframe_size(frame)))
        message->service = xstrndup((const char *)zframe_data(frame), zframe_size(frame));
    zframe_destroy(&frame);
    return message->service ? 0 : malformed(fault, "service name is missing or unfit");
}

static int take_client(struct mdp_message *message, struct fault *fault)
{
    message->client = zmsg_pop(message->body);
    size_t size = message->client ? zframe_size(message->client) : 0;
    if (size == 0 || size > MDP_NAME_BYTES)
        return malformed(fault, "client address is missing or unfit");
    zframe_t *frame = zmsg_pop(message->body);
    bool separated = frame && zframe_size(frame) == 0;
    zframe_destroy(&frame);
    return separated ? 0 : malformed(fault, "empty frame after the client address is missing");
}

static int check_body(const struct mdp_message *message, struct fault *fault)
{
    if (has_body(message) != (zmsg_size(message->body) > 0))
        return malformed(fault, has_body(message) ? "body is missing" : "frames too many");
    return 0;
}

/* ZAP's user id, which our handler makes the public key. */
static void note_key(struct mdp_message *message)
{
    zframe_t *frame = message->body ? zmsg_first(message->body) : NULL;
    const char *key = frame ? zframe_meta(frame, "User-Id") : NULL;
    if (key && strlen(key) < sizeof message->key)
        strcpy(message->key, key);
}

int mdp_decode(struct mdp_message *message, zmsg_t **frames, bool from_broker, struct fault *fault)
{
    *message = (struct mdp_message){.body = *frames};
    note_key(message);
    *frames = NULL;
    if (take_header(message, fault) ||
        take_command(message, from_broker ? FROM_BROKER : TO_BROKER, fault) ||
        (names_service(message) && take_service(message, fault)) ||
        (names_client(message) && take_client(message, fault)) || check_body(message, fault)) {
        mdp_message_clear(message);
        return -1;
    }
    return 0;
}

static const struct wire *wire_of(const struct mdp_message *message, bool from_broker)
{
    for (size_t i = 0; i < WIRES; i++)
        if (wires[i].version == message->version && wires[i].role == message->role &&
            wires[i].command == message->command &&
            (wires[i].way & (from_broker ? FROM_BROKER : TO_BROKER)))
            return &wires[i];
    return NULL;
}

static const char *header_of(const struct mdp_message *message)
{
    size_t i = 0;
    while (headers[i].version != message->version || headers[i].role != message->role)
        i++;
    return headers[i].text;
}

zmsg_t *mdp_encode(struct mdp_message *message, bool from_broker)
{
    const struct wire *wire = wire_of(message, from_broker);
    assert(wire);
    zmsg_t *frames = message->body ? message->body : zmsg_new();
    message->body = NULL;
    if (names_client(message)) {
        zmsg_pushmem(frames, "", 0);
        zmsg_prepend(frames, &message->client);
    }
    if (names_service(message))
        zmsg_pushstr(frames, message->service);
    if (wire->code != NO_BYTE)
        zmsg_pushmem(frames, &wire->code, 1);
    zmsg_pushmem(frames, header_of(message), HEADER_BYTES);
    if (message->delimited)
        zmsg_pushmem(frames, "", 0);
    return frames;
}

void mdp_message_clear(struct mdp_message *message)
{
    free(message->service);
    zframe_destroy(&message->client);
    zmsg_destroy(&message->body);
    *message = (struct mdp_message){0};
}
