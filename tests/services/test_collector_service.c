/* The collector over its sockets, in a thread: batches, questions, events. */
#include "services/collector/collector.h"

#include "common/json.h"
#include "common/state.h"
#include "common/strbuf.h"
#include "services/collector/inquiry.h"
#include "services/collector/wire.h"
#include "tests/services/process.h"

#include <czmq.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

enum { WAIT_MS = 60000 };

struct place {
    char *directory;
    char *endpoint, *events;
    struct collector *collector;
    pthread_t thread;
    int ending[2];
    int status;
    zsock_t *worker; /* a peer */
};

static void *serve(void *argument)
{
    struct place *place = argument;
    place->status = collector_run(place->collector, place->ending[0]);
    return NULL;
}

static void start(struct place *place)
{
    place->collector = collector_new(place->directory, place->endpoint, place->events, NULL, NULL);
    assert_non_null(place->collector);
    assert_int_equal(pipe(place->ending), 0);
    assert_int_equal(pthread_create(&place->thread, NULL, serve, place), 0);
}

static void stop(struct place *place)
{
    assert_int_equal(write(place->ending[1], "x", 1), 1);
    pthread_join(place->thread, NULL);
    assert_int_equal(place->status, 0);
    collector_destroy(&place->collector);
    close(place->ending[0]);
    close(place->ending[1]);
}

static int open_place(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    place->directory = scratch_new();
    place->endpoint = state_endpoint(place->directory, "collector.sock", NULL);
    place->events = state_endpoint(place->directory, "events.sock", NULL);
    start(place);
    place->worker = zsock_new_dealer(place->endpoint);
    zsock_set_rcvtimeo(place->worker, WAIT_MS);
    *state = place;
    return 0;
}

static int close_place(void **state)
{
    struct place *place = *state;
    stop(place);
    zsock_destroy(&place->worker);
    scratch_destroy(&place->directory);
    free(place->endpoint);
    free(place->events);
    free(place);
    return 0;
}

/* `submitted`: number of the request, or 0. */
static void send_numbered(zsock_t *worker, uint64_t number, int64_t submitted,
                          const struct strbuf *records)
{
    struct wire_header header = {.command = WIRE_STORE, .number = number};
    zmsg_t *message = zmsg_new();
    zframe_t *head = wire_header_frame(&header);
    zmsg_append(message, &head);
    zmsg_addstr(message, "0.1.0");
    zmsg_addstr(message, "sha256:m");
    zmsg_addmem(message, records->text, records->length);
    zframe_t *last = submitted ? wire_submitted_frame(submitted) : NULL;
    if (last)
        zmsg_append(message, &last);
    assert_int_equal(zmsg_send(&message, worker), 0);
}

static void send_records(zsock_t *worker, uint64_t number, const struct strbuf *records)
{
    send_numbered(worker, number, 0, records);
}

static struct wire_record record_of(const char *id, const char *hash, const char *department,
                                    const char *result)
{
    return (struct wire_record){.confidence = 0.5,
                                .id = wire_text_of(id),
                                .content_hash = wire_text_of(hash),
                                .revision = wire_text_of("r"),
                                .department = wire_text_of(department),
                                .decision = wire_text_of("auto"),
                                .kind = wire_text_of("service"),
                                .unit = wire_text_of("u"),
                                .project = wire_text_of("{}"),
                                .result = wire_text_of(result)};
}

/* A batch of projects p<from> … p<to - 1>. */
static void send_batch(zsock_t *worker, uint64_t number, int from, int to)
{
    struct strbuf records = {0};
    for (int i = from; i < to; i++) {
        char id[24], hash[65], result[64];
        snprintf(id, sizeof id, "p%d", i);
        snprintf(hash, sizeof hash, "%064x", (unsigned)i);
        snprintf(result, sizeof result, "{\"id\":\"p%d\"}", i);
        struct wire_record record = record_of(id, hash, i % 2 ? "民政" : "财政", result);
        wire_write_record(&records, &record);
    }
    send_records(worker, number, &records);
    strbuf_free(&records);
}

/* The next answer to the worker; *frame is the first frame behind the header. */
static struct wire_header receive(zsock_t *worker, zframe_t **frame)
{
    struct wire_header header;
    zmsg_t *message = zmsg_recv(worker);
    assert_non_null(message);
    zframe_t *head = zmsg_pop(message);
    assert_int_equal(wire_read_header(head, &header, NULL), 0);
    *frame = zmsg_pop(message);
    zframe_destroy(&head);
    zmsg_destroy(&message);
    return header;
}

static struct wire_tally receive_tally(zsock_t *worker, uint64_t number)
{
    zframe_t *frame;
    struct wire_tally tally;
    struct wire_header header = receive(worker, &frame);
    assert_int_equal(header.command, WIRE_STORED);
    assert_int_equal(header.number, number);
    assert_int_equal(wire_read_tally(frame, &tally, NULL), 0);
    zframe_destroy(&frame);
    return tally;
}

static void note_row(const struct inquiry_row *row, void *argument)
{
    struct strbuf *seen = argument;
    strbuf_printf(seen, "%lld %s %s;", (long long)row->event, row->topic, row->json);
}

static void test_batch_is_acknowledged_with_its_tally(void **state)
{
    struct place *place = *state;
    send_batch(place->worker, 7, 0, 3);
    struct wire_tally tally = receive_tally(place->worker, 7);
    assert_int_equal(tally.stored, 3);
    assert_int_equal(tally.duplicates, 0);
    assert_int_equal(tally.first_event, 1);
    assert_int_equal(tally.last_event, 3);
}

static void test_batch_sent_twice_is_acknowledged_twice_and_stored_once(void **state)
{
    struct place *place = *state;
    send_batch(place->worker, 1, 0, 3);
    send_batch(place->worker, 2, 0, 4);
    assert_int_equal(receive_tally(place->worker, 1).stored, 3);
    struct wire_tally tally = receive_tally(place->worker, 2);
    assert_int_equal(tally.stored, 1);
    assert_int_equal(tally.duplicates, 3);
    assert_int_equal(tally.first_event, 1);
    assert_int_equal(tally.last_event, 4);
}

static void test_malformed_messages_are_refused_and_others_served(void **state)
{
    struct place *place = *state;
    zframe_t *frame;
    struct strbuf garbage = {0};
    strbuf_puts(&garbage, "no record");

    assert_int_equal(zstr_send(place->worker, "hello"), 0);
    assert_int_equal(receive(place->worker, &frame).command, WIRE_REFUSED);
    assert_true(zframe_streq(frame, "wire.malformed"));
    zframe_destroy(&frame);
    send_records(place->worker, 9, &garbage);
    struct wire_header header = receive(place->worker, &frame);
    assert_int_equal(header.command, WIRE_REFUSED);
    assert_int_equal(header.number, 9);
    zframe_destroy(&frame);
    send_batch(place->worker, 10, 0, 1);
    assert_int_equal(receive_tally(place->worker, 10).stored, 1);
    strbuf_free(&garbage);
}

static void test_results_survive_a_restart(void **state)
{
    struct place *place = *state;
    send_batch(place->worker, 1, 0, 2);
    receive_tally(place->worker, 1);
    stop(place);
    start(place);
    struct inquiry *inquiry = inquiry_new(place->endpoint, NULL);
    struct strbuf seen = {0};
    int64_t last = 0;
    assert_int_equal(inquiry_events(inquiry, 0, 10, WAIT_MS, note_row, &seen, &last, NULL), 2);
    assert_string_equal(seen.text, "1 result.财政 {\"id\":\"p0\"};2 result.民政 {\"id\":\"p1\"};");
    assert_int_equal(last, 2);
    strbuf_free(&seen);
    inquiry_destroy(&inquiry);
}

static void test_events_since_one_that_was_not_given_yet_are_refused(void **state)
{
    struct place *place = *state;
    struct strbuf seen = {0};
    struct fault fault;
    send_batch(place->worker, 1, 0, 5);
    receive_tally(place->worker, 1);
    struct inquiry *inquiry = inquiry_new(place->endpoint, NULL);
    assert_int_equal(inquiry_events(inquiry, 5, 1, WAIT_MS, note_row, &seen, NULL, NULL), 0);
    assert_int_equal(inquiry_events(inquiry, 6, 1, WAIT_MS, note_row, &seen, NULL, &fault), -1);
    assert_string_equal(fault.code, "events.ahead");
    assert_non_null(strstr(fault.message, "the last one is 5"));
    strbuf_free(&seen);
    inquiry_destroy(&inquiry);
}

static void test_questions_are_answered_by_number_project_and_status(void **state)
{
    struct place *place = *state;
    send_batch(place->worker, 1, 0, 5);
    receive_tally(place->worker, 1);
    struct inquiry *inquiry = inquiry_new(place->endpoint, NULL);
    struct strbuf seen = {0};
    assert_int_equal(inquiry_events(inquiry, 3, 1, WAIT_MS, note_row, &seen, NULL, NULL), 1);
    assert_string_equal(seen.text, "4 result.民政 {\"id\":\"p3\"};");
    strbuf_reset(&seen);
    assert_int_equal(inquiry_project(inquiry, "p4", WAIT_MS, note_row, &seen, NULL), 1);
    assert_string_equal(seen.text, "5 result.财政 {\"id\":\"p4\"};");
    assert_int_equal(inquiry_project(inquiry, "unknown", WAIT_MS, note_row, &seen, NULL), 0);
    struct jv *status = inquiry_status(inquiry, WAIT_MS, NULL);
    assert_true(jv_get_number(status, "results", 0) == 5);
    assert_true(jv_get_number(status, "batches", 0) == 1);
    assert_true(jv_get_number(status, "commits", 0) == 1);
    jv_destroy(&status);
    strbuf_free(&seen);
    inquiry_destroy(&inquiry);
}

static void test_unknown_question_gets_an_error(void **state)
{
    struct place *place = *state;
    zframe_t *frame;
    struct wire_header header = {.command = WIRE_ASK, .number = 5};
    zframe_t *head = wire_header_frame(&header);
    assert_int_equal(zframe_send(&head, place->worker, ZFRAME_MORE), 0);
    assert_int_equal(zstr_send(place->worker, "{\"ask\":\"the way\"}"), 0);
    header = receive(place->worker, &frame);
    assert_int_equal(header.command, WIRE_ANSWER);
    assert_int_equal(header.number, 5);
    char *text = zframe_strdup(frame);
    assert_non_null(strstr(text, "question.unknown"));
    free(text);
    zframe_destroy(&frame);
}

static void test_subscriber_gets_numbered_events_of_its_topic(void **state)
{
    struct place *place = *state;
    zsock_t *subscriber = zsock_new_sub(place->events, "result.民政");
    zsock_set_rcvtimeo(subscriber, WAIT_MS);
    /* A subscription takes effect some time after it was made: store until an event comes. */
    zmq_pollitem_t item = {zsock_resolve(subscriber), 0, ZMQ_POLLIN, 0};
    int next = 0;
    do {
        assert_true(next < 1000);
        send_batch(place->worker, 1, next, next + 2);
        receive_tally(place->worker, 1);
        next += 2;
    } while (zmq_poll(&item, 1, 20) == 0);
    char *topic, *number, *json;
    assert_int_equal(zstr_recvx(subscriber, &topic, &number, &json, NULL), 3);
    assert_string_equal(topic, "result.民政");
    char expected[64];
    snprintf(expected, sizeof expected, "{\"id\":\"p%ld\"}", atol(number) - 1);
    assert_string_equal(json, expected);
    zstr_free(&topic);
    zstr_free(&number);
    zstr_free(&json);
    zsock_destroy(&subscriber);
}

/* The project "p" of that text, and its result, with a request of that number. */
static void store_text_of(struct place *place, int64_t submitted, char text)
{
    struct strbuf records = {0};
    char hash[65], result[16];
    memset(hash, text, 64);
    hash[64] = 0;
    snprintf(result, sizeof result, "{\"text\":\"%c\"}", text);
    struct wire_record record = record_of("p", hash, text == 'b' ? "民政" : "财政", result);
    wire_write_record(&records, &record);
    send_numbered(place->worker, 1, submitted, &records);
    strbuf_free(&records);
    assert_int_equal(receive_tally(place->worker, 1).stored, 1);
}

static void expect_event(zsock_t *subscriber, const char *topic, int event, const char *json)
{
    zmsg_t *message = zmsg_recv(subscriber);
    assert_non_null(message);
    char *seen[3];
    for (int i = 0; i < 3; i++)
        seen[i] = zmsg_popstr(message);
    assert_string_equal(seen[0], topic);
    assert_int_equal(atoi(seen[1]), event);
    assert_string_equal(seen[2], json);
    for (int i = 0; i < 3; i++)
        free(seen[i]);
    zmsg_destroy(&message);
}

static void test_subscriber_is_told_that_a_newer_text_counts_when_an_older_one_comes_late(
    void **state)
{
    struct place *place = *state;
    zsock_t *subscriber = zsock_new_sub(place->events, "result.");
    zsock_set_rcvtimeo(subscriber, WAIT_MS);
    zmq_pollitem_t item = {zsock_resolve(subscriber), 0, ZMQ_POLLIN, 0};
    int last = 0;
    do { /* until the subscription holds */
        send_batch(place->worker, 1, last, last + 1);
        receive_tally(place->worker, 1);
        last++;
    } while (zmq_poll(&item, 1, 20) == 0);
    zmsg_t *message = zmsg_recv(subscriber);
    zmsg_destroy(&message);
    store_text_of(place, 20, 'b');
    store_text_of(place, 10, 'a');
    expect_event(subscriber, "result.民政", last + 1, "{\"text\":\"b\"}");
    expect_event(subscriber, "result.财政", last + 2, "{\"text\":\"a\"}");
    expect_event(subscriber, "result.民政", last + 3, "{\"text\":\"b\"}");
    zsock_destroy(&subscriber);
}

static void test_a_request_with_a_senseless_number_is_refused(void **state)
{
    struct place *place = *state;
    struct strbuf records = {0};
    zframe_t *frame;
    send_numbered(place->worker, 3, -1, &records);
    struct wire_header header = receive(place->worker, &frame);
    assert_int_equal(header.command, WIRE_REFUSED);
    assert_true(zframe_streq(frame, "wire.malformed"));
    zframe_destroy(&frame);
}

static void test_subscriber_that_never_reads_holds_nobody_up(void **state)
{
    struct place *place = *state;
    zsock_t *subscriber = zsock_new(ZMQ_SUB);
    zsock_set_rcvhwm(subscriber, 1);
    zsock_set_subscribe(subscriber, "");
    assert_int_equal(zsock_connect(subscriber, "%s", place->events), 0);
    for (int i = 0; i < 60; i++) {
        send_batch(place->worker, 1, 1000 * i, 1000 * (i + 1));
        assert_int_equal(receive_tally(place->worker, 1).stored, 1000);
    }
    zsock_destroy(&subscriber);
}

static void test_second_collector_on_the_same_state_is_refused(void **state)
{
    struct place *place = *state;
    struct fault fault;
    assert_null(collector_new(place->directory, "inproc://a", "inproc://b", NULL, &fault));
    assert_string_equal(fault.code, "lock.taken");
}

int main(void)
{
    zsys_handler_set(NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_batch_is_acknowledged_with_its_tally, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_batch_sent_twice_is_acknowledged_twice_and_stored_once,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_malformed_messages_are_refused_and_others_served,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_results_survive_a_restart, open_place, close_place),
        cmocka_unit_test_setup_teardown(test_events_since_one_that_was_not_given_yet_are_refused,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_questions_are_answered_by_number_project_and_status,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_unknown_question_gets_an_error, open_place,
                                        close_place),
        cmocka_unit_test_setup_teardown(test_subscriber_gets_numbered_events_of_its_topic,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(
            test_subscriber_is_told_that_a_newer_text_counts_when_an_older_one_comes_late,
            open_place, close_place),
        cmocka_unit_test_setup_teardown(test_a_request_with_a_senseless_number_is_refused,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_subscriber_that_never_reads_holds_nobody_up,
                                        open_place, close_place),
        cmocka_unit_test_setup_teardown(test_second_collector_on_the_same_state_is_refused,
                                        open_place, close_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
