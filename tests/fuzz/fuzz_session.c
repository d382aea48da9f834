/* Whole sessions with a broker: several peers that say what they like, in any order, as clients and as
 * workers. An input is a sequence of steps; each begins with a byte for who (the lower three bits) and
 * what (the upper ones), and takes its arguments from the bytes behind. */
#include "common/log.h"
#include "services/broker/broker.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PEERS = 4, MOST_STEPS = 200, MOST_JOBS = 100 };

struct peer {
    zsock_t *socket;
    zframe_t *lease; /* the address of the last request it was given */
};

/* A job that was acknowledged; `kept` until somebody asks for its removal. */
struct receipt {
    char uuid[UUID_DIGITS + 1];
    bool kept;
};

struct session {
    const uint8_t *data;
    size_t size, at;
    struct broker *broker;
    char endpoint[40], path[64];
    struct peer peers[PEERS];
    struct receipt receipts[MOST_JOBS];
    size_t jobs;
};

static const char *const services[] = {"classify", "echo", "jinmu.submit", "mmi.service"};
static const char *const bodies[] = {
    "{\"projects\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}]}",
    "{\"projects\":[{\"id\":\"a\"}]}",
    "{\"projects\":5}",
    "{\"results\":[{\"id\":\"a\"},{\"id\":\"b\"}]}",
    "{\"stored\":1,\"duplicates\":0,\"errors\":0,\"first_event\":1,\"last_event\":2}",
    "{\"error\":{\"code\":\"x\"}}",
    "no JSON",
    ""};
static const char *const options[] = {"{}",
                                      "{\"priority\":\"bulk\"}",
                                      "{\"idempotency_key\":\"k\"}",
                                      "{\"deadline_ms\":1}",
                                      "{\"delay_ms\":1}",
                                      "{\"priority\":\"none\"}",
                                      "[]",
                                      "{\"delay_ms\":-1}"};
static const char *const questions[] = {"titanic.reply", "titanic.close", "jinmu.cancel"};
static const char *const dead[] = {"{\"do\":\"list\"}", "{\"do\":\"show\",\"uuid\":\"0\"}",
                                   "{\"do\":\"retry\"}", "{\"do\":\"drop\"}", "{}"};
#define ANY(list, session) (list)[next(session) % (sizeof(list) / sizeof *(list))]

static uint8_t next(struct session *session)
{
    return session->at < session->size ? session->data[session->at++] : 0;
}

static void connect_peer(struct session *session, struct peer *peer)
{
    zsock_destroy(&peer->socket);
    zframe_destroy(&peer->lease);
    peer->socket = zsock_new(ZMQ_DEALER);
    PROMISE(peer->socket);
    zsock_set_sndtimeo(peer->socket, 0);
    PROMISE(zsock_connect(peer->socket, "%s", session->endpoint) == 0);
}

static void add_any_frame(struct session *session, zmsg_t *frames)
{
    size_t length = next(session);
    if (length > session->size - session->at)
        length = session->size - session->at;
    zmsg_addmem(frames, session->data + session->at, length);
    session->at += length;
}

static void send_frames(struct peer *peer, zmsg_t **frames)
{
    zmsg_send(frames, peer->socket);
    zmsg_destroy(frames);
}

static zmsg_t *client_request(const char *service)
{
    zmsg_t *frames = zmsg_new();
    zmsg_addstr(frames, "MDPC02");
    zmsg_addstr(frames, "\001");
    zmsg_addstr(frames, service);
    return frames;
}

static void say_anything(struct session *session, struct peer *peer)
{
    zmsg_t *frames = zmsg_new();
    for (int left = next(session) % 8; left > 0; left--)
        add_any_frame(session, frames);
    send_frames(peer, &frames);
}

static void say_ready(struct session *session, struct peer *peer)
{
    bool old = next(session) % 4 == 0;
    zmsg_t *frames = zmsg_new();
    if (old)
        zmsg_addstr(frames, "");
    zmsg_addstr(frames, old ? "MDPW01" : "MDPW02");
    zmsg_addstr(frames, "\001");
    zmsg_addstr(frames, ANY(services, session));
    send_frames(peer, &frames);
}

static void submit(struct session *session, struct peer *peer)
{
    bool plain = next(session) % 4 == 0;
    zmsg_t *frames = client_request(plain ? "titanic.request" : "jinmu.submit");
    if (!plain)
        zmsg_addstr(frames, ANY(options, session));
    zmsg_addstr(frames, ANY(services, session));
    zmsg_addstr(frames, ANY(bodies, session));
    send_frames(peer, &frames);
}

static void ask_directly(struct session *session, struct peer *peer)
{
    zmsg_t *frames = client_request(ANY(services, session));
    zmsg_addstr(frames, ANY(bodies, session));
    send_frames(peer, &frames);
}

/* Answers its own last request, or that of another peer. */
static void answer(struct session *session, struct peer *peer)
{
    uint8_t how = next(session);
    const struct peer *holder = how & 1 ? &session->peers[how / 16 % PEERS] : peer;
    if (!holder->lease)
        return;
    zmsg_t *frames = zmsg_new();
    zframe_t *address = zframe_dup(holder->lease);
    zmsg_addstr(frames, "MDPW02");
    zmsg_addstr(frames, how & 2 ? "\003" : "\004");
    zmsg_append(frames, &address);
    zmsg_addstr(frames, "");
    zmsg_addstr(frames, ANY(bodies, session));
    send_frames(peer, &frames);
}

static void leave(struct session *session, struct peer *peer)
{
    uint8_t how = next(session) % 4;
    if (how < 2) {
        zmsg_t *frames = zmsg_new();
        zmsg_addstr(frames, "MDPW02");
        zmsg_addstr(frames, how ? "\005" : "\006");
        send_frames(peer, &frames);
        return;
    }
    connect_peer(session, peer);
    session->broker->heartbeat_at = 0; /* which finds out that it has gone */
}

static void ask_about(struct session *session, struct peer *peer)
{
    const char *question = ANY(questions, session);
    uint8_t which = next(session);
    zmsg_t *frames = client_request(question);
    if (session->jobs == 0) {
        add_any_frame(session, frames);
    } else {
        struct receipt *receipt = &session->receipts[which % session->jobs];
        zmsg_addstr(frames, receipt->uuid);
        receipt->kept = receipt->kept && strcmp(question, "titanic.reply") == 0;
    }
    send_frames(peer, &frames);
}

static void ask_operator(struct session *session, struct peer *peer)
{
    const char *question = ANY(dead, session);
    zmsg_t *frames = client_request(next(session) % 2 ? "jinmu.status" : "jinmu.dead");
    zmsg_addstr(frames, question);
    send_frames(peer, &frames);
    if (strstr(question, "drop"))
        for (size_t i = 0; i < session->jobs; i++)
            session->receipts[i].kept = false;
}

static void take_receipt(struct session *session, zmsg_t *frames)
{
    zframe_t *frame = zmsg_first(frames);
    const char *wanted[] = {"MDPC02", "\003", NULL, "200"};
    for (int i = 0; i < 4; i++, frame = zmsg_next(frames))
        if (!frame || (wanted[i] && !zframe_streq(frame, wanted[i])) ||
            (i == 2 && !zframe_streq(frame, "titanic.request") &&
             !zframe_streq(frame, "jinmu.submit")))
            return;
    if (!frame || zframe_size(frame) != UUID_DIGITS || session->jobs == MOST_JOBS)
        return;
    for (size_t i = 0; i < session->jobs; i++) /* the same key gave the same receipt */
        if (memcmp(session->receipts[i].uuid, zframe_data(frame), UUID_DIGITS) == 0)
            return;
    struct receipt *receipt = &session->receipts[session->jobs++];
    memcpy(receipt->uuid, zframe_data(frame), UUID_DIGITS);
    receipt->kept = true;
}

/* The address of a REQUEST, with or without the leading empty frame. */
static void take_lease(struct peer *peer, zmsg_t *frames)
{
    zframe_t *frame = zmsg_first(frames);
    if (frame && zframe_size(frame) == 0)
        frame = zmsg_next(frames);
    if (!frame || zframe_size(frame) != 6 || memcmp(zframe_data(frame), "MDPW0", 5) != 0)
        return;
    frame = zmsg_next(frames);
    if (!frame || !zframe_streq(frame, "\002"))
        return;
    zframe_destroy(&peer->lease);
    peer->lease = zframe_dup(zmsg_next(frames));
}

static void receive_all(struct session *session)
{
    for (int i = 0; i < PEERS; i++) {
        struct peer *peer = &session->peers[i];
        while (zsock_events(peer->socket) & ZMQ_POLLIN) {
            zmsg_t *frames = zmsg_recv(peer->socket);
            take_receipt(session, frames);
            take_lease(peer, frames);
            zmsg_destroy(&frames);
        }
    }
}

static void take_step(struct session *session)
{
    static void (*const steps[])(struct session *, struct peer *) = {
        say_anything, say_ready, submit, ask_directly, answer, leave, ask_about, ask_operator};
    uint8_t step = next(session);
    steps[step / 8 % 8](session, &session->peers[step % PEERS]);
    broker_turn(session->broker);
    broker_commit(session->broker);
    receive_all(session);
}

static void open_session(struct session *session, const uint8_t *data, size_t size)
{
    static unsigned sessions; /* a name is not free at once */
    *session = (struct session){.data = data, .size = size};
    snprintf(session->endpoint, sizeof session->endpoint, "inproc://session-%u", ++sessions);
    snprintf(session->path, sizeof session->path, "/dev/shm/jinmu-fuzz-%ld.db", (long)getpid());
    struct broker_options wanted = broker_defaults;
    wanted.endpoint = session->endpoint;
    wanted.spool_path = session->path;
    wanted.max_jobs = 20;
    wanted.attempts = 2;
    wanted.split_after = 1;
    wanted.backoff_ms = 1;
    session->broker = broker_new(&wanted, NULL);
    PROMISE(session->broker);
    for (int i = 0; i < PEERS; i++)
        connect_peer(session, &session->peers[i]);
}

static void remove_spool(const struct session *session)
{
    static const char *const endings[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        char path[sizeof session->path + 8];
        snprintf(path, sizeof path, "%s%s", session->path, endings[i]);
        unlink(path);
    }
}

/* What the broker counted is what is there, and what it acknowledged is kept. */
static void check_spool(const struct session *session, struct spool_totals counted)
{
    struct spool *spool = spool_open(session->path, NULL);
    PROMISE(spool);
    struct spool_totals found = spool_totals(spool);
    PROMISE(memcmp(&counted, &found, sizeof found) == 0);
    for (size_t i = 0; i < session->jobs; i++) {
        struct record record = {0};
        if (session->receipts[i].kept)
            PROMISE(spool_find(spool, session->receipts[i].uuid, &record) != SPOOL_UNKNOWN);
        record_clear(&record);
    }
    spool_close(&spool);
}

static void close_session(struct session *session)
{
    for (int i = 0; i < PEERS; i++) {
        zsock_destroy(&session->peers[i].socket);
        zframe_destroy(&session->peers[i].lease);
    }
    broker_commit(session->broker);
    struct spool_totals counted = spool_totals(session->broker->spool);
    broker_destroy(&session->broker);
    check_spool(session, counted);
    remove_spool(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct session session;
    log_set_level("error");
    open_session(&session, data, size);
    for (int steps = 0; session.at < size && steps < MOST_STEPS; steps++)
        take_step(&session);
    close_session(&session);
    return 0;
}
