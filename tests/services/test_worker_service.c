/* A worker between a broker and a collector that the test plays itself. */
#include "common/mdp.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/collector/wire.h"
#include "services/worker/worker.h"
#include "tests/services/process.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 60000 };
static char *catalog_place; /* holds a catalog.db for all tests */

struct place {
    char *directory, *broker_at, *collector_at;
    zsock_t *broker, *collector;
    zframe_t *peer; /* the worker's address at the broker */
    struct worker *worker;
    pthread_t thread;
    int ending[2];
};

/* A STORE that the collector got. */
struct delivered {
    zframe_t *peer;
    uint64_t number;
    bool urgent;
    int64_t submitted; /* number of the request; 0: without */
    zframe_t *records;
};

static struct mdp_message broker_receive(struct place *place)
{
    struct mdp_message message;
    for (;;) {
        zmsg_t *frames = zmsg_recv(place->broker);
        assert_non_null(frames);
        zframe_t *peer = zmsg_pop(frames);
        zframe_destroy(&place->peer);
        place->peer = peer;
        assert_int_equal(mdp_decode(&message, &frames, false, NULL), 0);
        if (message.command != MDP_HEARTBEAT)
            return message;
        mdp_message_clear(&message);
    }
}

static void broker_send(struct place *place, const char *client, const char *body,
                        const char *options)
{
    struct mdp_message message = {.version = MDP_V2, .role = MDP_WORKER, .command = MDP_REQUEST};
    message.client = zframe_from(client);
    message.body = zmsg_new();
    zmsg_addstr(message.body, body);
    if (options)
        zmsg_addstr(message.body, options);
    zmsg_t *frames = mdp_encode(&message, true);
    zframe_t *to = zframe_dup(place->peer);
    zmsg_prepend(frames, &to);
    assert_int_equal(zmsg_send(&frames, place->broker), 0);
}

/* The body of the FINAL that comes next, which is for `client`. */
static char *broker_final(struct place *place, const char *client)
{
    struct mdp_message message = broker_receive(place);
    assert_int_equal(message.command, MDP_FINAL);
    assert_true(zframe_streq(message.client, client));
    char *body = zmsg_popstr(message.body);
    mdp_message_clear(&message);
    return body;
}

static struct delivered collector_receive(struct place *place)
{
    zmsg_t *frames = zmsg_recv(place->collector);
    assert_non_null(frames);
    struct delivered store = {.peer = zmsg_pop(frames)};
    struct wire_header header;
    zframe_t *head = zmsg_pop(frames);
    assert_int_equal(wire_read_header(head, &header, NULL), 0);
    assert_int_equal(header.command, WIRE_STORE);
    store.number = header.number;
    store.urgent = header.urgent;
    zframe_destroy(&head);
    assert_in_range(zmsg_size(frames), 3, 4);
    zmsg_first(frames);
    zmsg_next(frames);
    store.records = zmsg_next(frames);
    store.submitted = wire_read_submitted(zmsg_next(frames), NULL);
    zmsg_remove(frames, store.records);
    zmsg_destroy(&frames);
    return store;
}

static int records_in(const struct delivered *store)
{
    struct wire_record record;
    size_t offset = 0;
    int count = 0;
    while (wire_read_record(zframe_data(store->records), zframe_size(store->records), &offset,
                            &record, NULL) == 1)
        count++;
    return count;
}

static void collector_answer(struct place *place, const struct delivered *store,
                             enum wire_command command, zmsg_t *body)
{
    struct wire_header header = {.command = command, .number = store->number};
    zframe_t *head = wire_header_frame(&header), *to = zframe_dup(store->peer);
    zmsg_prepend(body, &head);
    zmsg_prepend(body, &to);
    assert_int_equal(zmsg_send(&body, place->collector), 0);
}

/* A worker that hears nothing for some seconds, as on a loaded machine, would connect anew. */
static void broker_beat(struct place *place)
{
    struct mdp_message message = {.version = MDP_V2, .role = MDP_WORKER, .command = MDP_HEARTBEAT};
    zmsg_t *frames = mdp_encode(&message, true);
    zframe_t *to = zframe_dup(place->peer);
    zmsg_prepend(frames, &to);
    assert_int_equal(zmsg_send(&frames, place->broker), 0);
}

static void collector_stored(struct place *place, struct delivered *store)
{
    uint32_t count = (uint32_t)records_in(store);
    struct wire_tally tally = {.first_event = 1, .last_event = count, .stored = count};
    zmsg_t *body = zmsg_new();
    zframe_t *frame = wire_tally_frame(&tally);
    zmsg_append(body, &frame);
    collector_answer(place, store, WIRE_STORED, body);
    zframe_destroy(&store->peer);
    zframe_destroy(&store->records);
    broker_beat(place);
}

static bool is_silent(zsock_t *socket, int ms)
{
    zmq_pollitem_t item = {zsock_resolve(socket), 0, ZMQ_POLLIN, 0};
    return zmq_poll(&item, 1, ms) == 0;
}

static void *work(void *argument)
{
    struct place *place = argument;
    worker_run(place->worker, place->ending[0]);
    worker_destroy(&place->worker);
    return NULL;
}

static zsock_t *bound_router(const char *endpoint)
{
    zsock_t *socket = zsock_new(ZMQ_ROUTER);
    zsock_set_rcvtimeo(socket, WAIT_MS);
    assert_int_equal(zsock_bind(socket, "%s", endpoint), 0);
    return socket;
}

static int open_with(void **state, int64_t stall_ms)
{
    struct place *place = calloc(1, sizeof *place);
    place->directory = scratch_new();
    place->broker_at = state_endpoint(place->directory, "broker.sock", NULL);
    place->collector_at = state_endpoint(place->directory, "collector.sock", NULL);
    place->broker = bound_router(place->broker_at);
    place->collector = bound_router(place->collector_at);
    char *catalog = state_path(catalog_place, "catalog.db");
    struct worker_options options = {.catalog = catalog,
                                     .broker = place->broker_at,
                                     .collector = place->collector_at,
                                     .limits = project_limits_default,
                                     .judge = assignment_judge,
                                     .standstill_ms = WORKER_STANDSTILL_MS,
                                     .stall_ms = stall_ms};
    place->worker = worker_new(&options, NULL);
    assert_non_null(place->worker);
    free(catalog);
    assert_int_equal(pipe(place->ending), 0);
    assert_int_equal(pthread_create(&place->thread, NULL, work, place), 0);
    struct mdp_message ready = broker_receive(place);
    assert_int_equal(ready.command, MDP_READY);
    assert_string_equal(ready.service, "classify");
    mdp_message_clear(&ready);
    *state = place;
    return 0;
}

static int open_place(void **state)
{
    return open_with(state, WORKER_STALL_MS);
}

static int open_impatient(void **state)
{
    return open_with(state, 1);
}

static void tell_to_end(struct place *place)
{
    assert_int_equal(write(place->ending[1], "x", 1), 1);
}

static int close_place(void **state)
{
    struct place *place = *state;
    tell_to_end(place);
    pthread_join(place->thread, NULL);
    close(place->ending[0]);
    close(place->ending[1]);
    zframe_destroy(&place->peer);
    zsock_destroy(&place->broker);
    zsock_destroy(&place->collector);
    free(place->broker_at);
    free(place->collector_at);
    scratch_destroy(&place->directory);
    free(place);
    return 0;
}

static const char one[] = "{\"id\":\"p1\",\"name\":\"政务服务标准化\"}";

static void assert_holds(char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
    free(text);
}

static void test_answer_waits_for_the_collector(void **state)
{
    struct place *place = *state;
    broker_send(place, "i.c1", one, NULL);
    struct delivered store = collector_receive(place);
    assert_true(store.urgent);
    assert_int_equal(records_in(&store), 1);
    assert_true(is_silent(place->broker, 200));
    collector_stored(place, &store);
    assert_holds(broker_final(place, "i.c1"), "\"id\":\"p1\"");
}

static void test_next_request_is_judged_while_the_first_waits(void **state)
{
    struct place *place = *state;
    broker_send(place, "i.c1", one, NULL);
    broker_send(place, "i.c2", one, NULL);
    struct delivered first = collector_receive(place), second = collector_receive(place);
    collector_stored(place, &second);
    free(broker_final(place, "i.c2"));
    collector_stored(place, &first);
    free(broker_final(place, "i.c1"));
}

static void test_unacknowledged_batch_is_sent_again(void **state)
{
    struct place *place = *state;
    broker_send(place, "i.c1", one, NULL);
    struct delivered first = collector_receive(place);
    struct delivered again = collector_receive(place);
    assert_int_equal(first.number, again.number);
    assert_true(zframe_eq(first.records, again.records));
    collector_stored(place, &again);
    free(broker_final(place, "i.c1"));
    zframe_destroy(&first.peer);
    zframe_destroy(&first.records);
}

static void test_batch_that_the_disk_did_not_take_is_sent_again(void **state)
{
    struct place *place = *state;
    broker_send(place, "i.c1", one, NULL);
    struct delivered first = collector_receive(place);
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, "store.full");
    zmsg_addstr(body, "no room");
    collector_answer(place, &first, WIRE_REFUSED, body);
    struct delivered again = collector_receive(place);
    assert_int_equal(first.number, again.number);
    collector_stored(place, &again);
    free(broker_final(place, "i.c1"));
    zframe_destroy(&first.peer);
    zframe_destroy(&first.records);
}

static void collector_refuse(struct place *place, struct delivered *store, const char *code)
{
    zmsg_t *body = zmsg_new();
    zmsg_addstr(body, code);
    zmsg_addstr(body, "why");
    collector_answer(place, store, WIRE_REFUSED, body);
    zframe_destroy(&store->peer);
    zframe_destroy(&store->records);
}

static void test_the_requests_number_goes_to_the_collector_or_not_if_that_is_an_older_one(
    void **state)
{
    struct place *place = *state;
    broker_send(place, "i.0123456789abcdef0123456789abcdef.7.1767225600000001", one, NULL);
    struct delivered store = collector_receive(place);
    assert_int_equal(store.submitted, 1767225600000001);
    collector_refuse(place, &store, "wire.malformed"); /* "STORE has engine, model and records" */
    struct delivered again = collector_receive(place);
    assert_int_equal(again.number, store.number);
    assert_int_equal(again.submitted, 0);
    collector_stored(place, &again);
    assert_holds(broker_final(place, "i.0123456789abcdef0123456789abcdef.7.1767225600000001"),
                 "\"id\":\"p1\"");
    static const char *const others[] = {"i.c1", "x", "a.b.c.", "i.a.1.5x", "i.a.1.-5"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        broker_send(place, others[i], one, NULL);
        store = collector_receive(place);
        assert_int_equal(store.submitted, 0);
        collector_refuse(place, &store, "wire.malformed"); /* what it can never read */
        assert_holds(broker_final(place, others[i]), "wire.malformed");
    }
}

static void expect(struct place *place, enum mdp_command command)
{
    struct mdp_message message = broker_receive(place);
    assert_int_equal(message.command, command);
    mdp_message_clear(&message);
}

/* To the broker, which counts no attempt for one that takes leave. */
static void test_requests_go_back_when_the_collector_stores_nothing_for_long(void **state)
{
    struct place *place = *state;
    broker_send(place, "i.c1", one, NULL);
    broker_send(place, "b.c2", one, NULL);
    expect(place, MDP_DISCONNECT);
    expect(place, MDP_READY);
    broker_send(place, "i.c1", "{\"name\":\"x\",\"description\":7}", NULL); /* none to store */
    assert_holds(broker_final(place, "i.c1"), "error");
}

static void assert_refused(struct place *place, const char *body, const char *code)
{
    broker_send(place, "i.c1", body, NULL);
    assert_holds(broker_final(place, "i.c1"), code);
    assert_true(is_silent(place->collector, 50));
}

static void test_bad_bodies_get_an_error_and_nothing_is_stored(void **state)
{
    struct place *place = *state;
    assert_refused(place, "no json", "input.not_json");
    assert_refused(place, "", "input.not_json");
    assert_refused(place, "{\"name\":\"\xff\"}", "input.not_utf8");
    assert_refused(place, "{\"id\":\"p1\"}", "project.name_missing");
    assert_refused(place, "{\"projects\":[]}", "batch.empty");

    struct strbuf many = {0};
    strbuf_puts(&many, "{\"projects\":[");
    for (int i = 0; i < 1025; i++)
        strbuf_puts(&many, i ? ",{\"name\":\"x\"}" : "{\"name\":\"x\"}");
    strbuf_puts(&many, "]}");
    assert_refused(place, many.text, "batch.too_large");
    strbuf_reset(&many);
    strbuf_puts(&many, "{\"name\":\"x\",\"description\":\"");
    for (int i = 0; i < 2 << 20; i++)
        strbuf_puts(&many, "y");
    strbuf_puts(&many, "\"}");
    assert_refused(place, many.text, "project.too_large");
    strbuf_free(&many);
}

static void test_bad_project_of_a_batch_costs_only_itself(void **state)
{
    struct place *place = *state;
    broker_send(place, "i.c1",
                "{\"projects\":[{\"id\":\"a\"},{\"id\":\"b\",\"name\":\"垃圾清运\"}]}", NULL);
    struct delivered store = collector_receive(place);
    struct wire_record record;
    size_t offset = 0;
    assert_int_equal(wire_read_record(zframe_data(store.records), zframe_size(store.records),
                                      &offset, &record, NULL),
                     1);
    assert_true(record.is_error);
    assert_memory_equal(record.decision.bytes, "error", 5);
    assert_int_equal(records_in(&store), 2);
    collector_stored(place, &store);
    char *answer = broker_final(place, "i.c1");
    struct jv *body = jv_read(answer, strlen(answer), NULL);
    const struct jv *results = jv_get(body, "results");
    assert_int_equal(jv_count(results), 2);
    assert_non_null(jv_get(jv_at(results, 0), "error"));
    assert_string_equal(jv_get_text(jv_at(results, 1), "id"), "b");
    jv_destroy(&body);
    free(answer);
}

static char *batch_of(int count)
{
    struct strbuf body = {0};
    strbuf_puts(&body, "{\"projects\":[");
    for (int i = 0; i < count; i++)
        strbuf_printf(&body, "%s{\"id\":\"p%d\",\"name\":\"垃圾清运\"}", i ? "," : "", i);
    strbuf_puts(&body, "]}");
    return strbuf_take(&body);
}

static void test_large_batch_is_stored_in_parts_and_answered_once(void **state)
{
    struct place *place = *state;
    char *body = batch_of(200);
    broker_send(place, "b.c1", body, "{\"reply\":\"summary\"}");
    free(body);
    for (int left = 200; left > 0;) {
        struct delivered store = collector_receive(place);
        assert_false(store.urgent);
        left -= records_in(&store);
        assert_true(left >= 0);
        if (left == 0)
            assert_true(is_silent(place->broker, 50));
        collector_stored(place, &store);
    }
    assert_holds(broker_final(place, "b.c1"), "{\"stored\":200,\"duplicates\":0,\"errors\":0");
}

/* So many long projects that their judging takes a good part of a second. */
static char *long_batch(int count)
{
    struct strbuf body = {0};
    strbuf_puts(&body, "{\"projects\":[");
    for (int i = 0; i < count; i++) {
        strbuf_printf(&body, "%s{\"id\":\"l%d\",\"name\":\"垃圾清运\",\"description\":\"",
                      i ? "," : "", i);
        for (int j = 0; j < 100; j++)
            strbuf_puts(&body, "委托第三方开展生活垃圾清运和街道保洁服务，");
        strbuf_puts(&body, "\"}");
    }
    strbuf_puts(&body, "]}");
    return strbuf_take(&body);
}

static void test_request_that_somebody_waits_for_is_not_behind_bulk_ones(void **state)
{
    enum { BULK = 1000 };
    struct place *place = *state;
    char *body = long_batch(BULK);
    broker_send(place, "b.c1", body, "{\"reply\":\"summary\"}");
    free(body);
    struct delivered store = collector_receive(place); /* the judging has begun */
    int left = BULK - records_in(&store);
    collector_stored(place, &store);
    broker_send(place, "i.c2", "{\"id\":\"u\",\"name\":\"垃圾清运\"}", NULL);
    for (store = collector_receive(place); !store.urgent; store = collector_receive(place)) {
        left -= records_in(&store);
        collector_stored(place, &store);
    }
    assert_true(left > 0);
    collector_stored(place, &store);
    while (left > 0) {
        store = collector_receive(place);
        left -= records_in(&store);
        collector_stored(place, &store);
    }
    assert_holds(broker_final(place, "i.c2"), "\"u\"");
    assert_holds(broker_final(place, "b.c1"), "{\"stored\":1000");
}

static void test_ending_worker_finishes_what_it_has_begun(void **state)
{
    struct place *place = *state;
    broker_send(place, "i.c1", one, NULL);
    struct delivered store = collector_receive(place);
    tell_to_end(place);
    collector_stored(place, &store);
    free(broker_final(place, "i.c1"));
    struct mdp_message message = broker_receive(place);
    assert_int_equal(message.command, MDP_DISCONNECT);
    mdp_message_clear(&message);
}

static int make_catalog(void **state)
{
    (void)state;
    catalog_place = scratch_with_catalog();
    return catalog_place ? 0 : -1;
}

static int remove_catalog(void **state)
{
    (void)state;
    scratch_destroy(&catalog_place);
    return 0;
}

int main(void)
{
    zsys_handler_set(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answer_waits_for_the_collector, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_next_request_is_judged_while_the_first_waits,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_unacknowledged_batch_is_sent_again, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_batch_that_the_disk_did_not_take_is_sent_again,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(
            test_the_requests_number_goes_to_the_collector_or_not_if_that_is_an_older_one,
            open_place, close_place),
        cmocka_unit_test_setup_teardown(
            test_requests_go_back_when_the_collector_stores_nothing_for_long, open_impatient,
            close_place),
        cmocka_unit_test_setup_teardown(test_bad_bodies_get_an_error_and_nothing_is_stored,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_bad_project_of_a_batch_costs_only_itself, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_large_batch_is_stored_in_parts_and_answered_once,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(
            test_request_that_somebody_waits_for_is_not_behind_bulk_ones, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_ending_worker_finishes_what_it_has_begun, open_place,
                                        close_place),
    };
    return cmocka_run_group_tests(tests, make_catalog, remove_catalog);
}
