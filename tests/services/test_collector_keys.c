/* The collector over tcp: a worker may send results, a client may ask and subscribe, nobody else. */
#include "common/state.h"
#include "common/strbuf.h"
#include "services/collector/collector.h"
#include "services/collector/inquiry.h"
#include "services/collector/wire.h"
#include "tests/services/process.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 60000 };

struct place {
    char *directory, *folder;
    const char *endpoint, *events; /* the collector's */
    struct keys *keys;
    struct guard *guard;
    struct collector *collector;
    pthread_t thread;
    int ending[2];
};

static void *serve(void *argument)
{
    struct place *place = argument;
    collector_run(place->collector, place->ending[0]);
    return NULL;
}

static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    struct fault fault = {0};
    place->directory = scratch_new();
    place->folder = state_path(place->directory, "keys");
    place->keys = keys_open(place->folder, &fault);
    place->guard = guard_new(place->folder, KEY_COLLECTOR, &connection_limits_default, &fault);
    place->collector = collector_new(place->directory, "tcp://127.0.0.1:*", "tcp://127.0.0.1:*",
                                     place->guard, &fault);
    if (!place->collector)
        fail_msg("%s", fault.message);
    place->endpoint = collector_endpoint(place->collector);
    place->events = collector_events(place->collector);
    assert_int_equal(pipe(place->ending), 0);
    assert_int_equal(pthread_create(&place->thread, NULL, serve, place), 0);
    *state = place;
    return 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    assert_int_equal(write(place->ending[1], "x", 1), 1);
    pthread_join(place->thread, NULL);
    collector_destroy(&place->collector);
    guard_destroy(&place->guard);
    keys_close(&place->keys);
    close(place->ending[0]);
    close(place->ending[1]);
    scratch_destroy(&place->directory);
    free(place->folder);
    free(place);
    return 0;
}

static struct identity identity_of(struct place *place, const char *role, const char *name)
{
    struct identity identity;
    struct key_pair server;
    struct key key;
    assert_int_equal(keys_own(place->keys, KEY_COLLECTOR, &server, NULL), 0);
    memcpy(identity.server, server.public_key, sizeof identity.server);
    assert_int_equal(key_pair_make(&identity.own, NULL), 0);
    assert_int_equal(key_init(&key, name, role, identity.own.public_key, NULL), 0);
    assert_int_equal(keys_add(place->keys, &key, NULL), 0);
    return identity;
}

static zsock_t *connect_as(const struct identity *identity, int type, const char *endpoint)
{
    zsock_t *socket = zsock_new(type);
    zsock_set_rcvtimeo(socket, WAIT_MS);
    if (type == ZMQ_SUB)
        zsock_set_subscribe(socket, "");
    guard_identify(socket, identity);
    assert_int_equal(zsock_connect(socket, "%s", endpoint), 0);
    return socket;
}

static void send_result(zsock_t *worker, int number)
{
    char id[24], hash[65];
    snprintf(id, sizeof id, "p%d", number);
    snprintf(hash, sizeof hash, "%064x", (unsigned)number);
    struct wire_record record = {.confidence = 0.5,
                                 .id = wire_text_of(id),
                                 .content_hash = wire_text_of(hash),
                                 .revision = wire_text_of("r"),
                                 .department = wire_text_of("民政"),
                                 .decision = wire_text_of("auto"),
                                 .kind = wire_text_of("service"),
                                 .unit = wire_text_of("u"),
                                 .project = wire_text_of("{}"),
                                 .result = wire_text_of("{}")};
    struct strbuf records = {0};
    struct wire_header header = {.command = WIRE_STORE, .number = (uint64_t)number};
    wire_write_record(&records, &record);
    zframe_t *head = wire_header_frame(&header);
    assert_int_equal(zframe_send(&head, worker, ZFRAME_MORE), 0);
    assert_int_equal(zsock_send(worker, "ssb", "0.1.0", "sha256:m", records.text, records.length),
                     0);
    strbuf_free(&records);
}

static enum wire_command receive(zsock_t *peer)
{
    struct wire_header header = {0};
    zmsg_t *message = zmsg_recv(peer);
    assert_non_null(message);
    assert_int_equal(wire_read_header(zmsg_first(message), &header, NULL), 0);
    zmsg_destroy(&message);
    return header.command;
}

static void test_a_worker_may_send_results_and_ask_nothing(void **state)
{
    struct place *place = *state;
    struct identity worker = identity_of(place, "worker", "w");
    zsock_t *socket = connect_as(&worker, ZMQ_DEALER, place->endpoint);
    send_result(socket, 1);
    assert_int_equal(receive(socket), WIRE_STORED);
    struct inquiry *inquiry = inquiry_new_as(&worker, place->endpoint, NULL);
    struct fault fault = {0};
    assert_null(inquiry_status(inquiry, WAIT_MS, &fault));
    assert_string_equal(fault.code, "access.refused");
    inquiry_destroy(&inquiry);
    zsock_destroy(&socket);
}

static void test_a_client_may_ask_and_send_no_results(void **state)
{
    struct place *place = *state;
    struct identity client = identity_of(place, "client", "c");
    zsock_t *socket = connect_as(&client, ZMQ_DEALER, place->endpoint);
    send_result(socket, 1);
    assert_int_equal(receive(socket), WIRE_REFUSED);
    struct inquiry *inquiry = inquiry_new_as(&client, place->endpoint, NULL);
    struct jv *status = inquiry_status(inquiry, WAIT_MS, NULL);
    assert_true(jv_get_number(status, "results", -1) == 0);
    jv_destroy(&status);
    inquiry_destroy(&inquiry);
    zsock_destroy(&socket);
}

/* Webhooks have secrets. */
static void test_a_client_may_not_ask_about_webhooks(void **state)
{
    static const char *const questions[] = {"webhooks", "webhook_due", "webhook_log", "webhook_add",
                                            "webhook_report"};
    struct place *place = *state;
    struct identity client = identity_of(place, "client", "c");
    struct inquiry *inquiry = inquiry_new_as(&client, place->endpoint, NULL);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        struct jv *question = jv_object();
        struct fault fault = {"", ""};
        size_t length;
        jv_set_text(question, "ask", questions[i]);
        assert_null(inquiry_ask(inquiry, question, WAIT_MS, &length, &fault));
        assert_string_equal(fault.code, "access.refused");
        jv_destroy(&question);
    }
    inquiry_destroy(&inquiry);
}

static void test_a_worker_or_a_stranger_cannot_subscribe(void **state)
{
    struct place *place = *state;
    struct identity worker = identity_of(place, "worker", "w"), stranger = worker;
    struct fault fault = {0};
    assert_int_equal(guard_test_refusal(place->events, &worker, ZMQ_SUB, &fault), 0);
    assert_int_equal(key_pair_make(&stranger.own, NULL), 0);
    assert_int_equal(guard_test_refusal(place->events, &stranger, ZMQ_SUB, &fault), 0);
    assert_int_equal(guard_greet(place->endpoint, &worker, &fault), 0);
}

/* Stores until an event comes to the subscriber: a subscription takes effect some time after it was
 * made. */
static void await_event(zsock_t *worker, zsock_t *subscriber, int *number)
{
    zmq_pollitem_t item = {zsock_resolve(subscriber), 0, ZMQ_POLLIN, 0};
    int64_t deadline = zclock_mono() + WAIT_MS;
    do {
        assert_true(zclock_mono() < deadline);
        send_result(worker, (*number)++);
        assert_int_equal(receive(worker), WIRE_STORED);
    } while (zmq_poll(&item, 1, 20) == 0);
}

static void forget_events(zsock_t *subscriber)
{
    while (zsock_events(subscriber) & ZMQ_POLLIN) {
        zmsg_t *event = zmsg_recv(subscriber);
        zmsg_destroy(&event);
    }
}

static void test_a_revoked_subscriber_gets_no_more_and_the_others_go_on(void **state)
{
    struct place *place = *state;
    struct identity worker = identity_of(place, "worker", "w");
    struct identity one = identity_of(place, "client", "one");
    struct identity other = identity_of(place, "client", "other");
    zsock_t *sender = connect_as(&worker, ZMQ_DEALER, place->endpoint);
    zsock_t *revoked = connect_as(&one, ZMQ_SUB, place->events);
    zsock_t *kept = connect_as(&other, ZMQ_SUB, place->events);
    int number = 1;
    await_event(sender, revoked, &number);
    await_event(sender, kept, &number);
    assert_int_equal(keys_revoke(place->keys, "one", NULL), 0);
    assert_int_equal(guard_test_refusal(place->events, &one, ZMQ_SUB, NULL), 0);
    forget_events(kept);
    await_event(sender, kept, &number); /* it comes again by itself */
    forget_events(revoked);
    forget_events(kept);
    for (int i = 0; i < 20; i++)
        await_event(sender, kept, &number);
    assert_false(zsock_events(revoked) & ZMQ_POLLIN);
    zsock_destroy(&sender);
    zsock_destroy(&revoked);
    zsock_destroy(&kept);
}

int main(void)
{
    zsys_handler_set(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_worker_may_send_results_and_ask_nothing, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_a_client_may_not_ask_about_webhooks, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_a_client_may_ask_and_send_no_results, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_a_worker_or_a_stranger_cannot_subscribe, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_a_revoked_subscriber_gets_no_more_and_the_others_go_on,
                                        open_place, close_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
