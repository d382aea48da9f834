/* A flood of connections without a key that is let in, and a client that has one. */
#include "common/guard.h"
#include "tests/services/stage.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    CALLS = 1000,
    ROUNDS = 4,
    ATTEMPTS = 2000,
    FLOODERS = 8,
    STRANGERS = 16,
    GREETING_BYTES = 64,
    HELLO_BYTES = 202
};

/* A process of its own, with threads of its own, from another address than the client's: 127.0.0.2. */
struct flood {
    pid_t process;
    int starting[2];       /* a byte starts it */
    atomic_long *attempts; /* shared */
    struct sockaddr_in server;
};

/* ZMTP's greeting for CURVE, and a HELLO whose box is junk. */
static void send_nonsense(int connection)
{
    unsigned char bytes[GREETING_BYTES + HELLO_BYTES] = {0xff, [9] = 0x7f, [10] = 3};
    memcpy(bytes + 12, "CURVE", 5);
    bytes[GREETING_BYTES] = 4; /* a command */
    bytes[GREETING_BYTES + 1] = 200;
    memcpy(bytes + GREETING_BYTES + 2, "\5HELLO\1", 7);
    if (send(connection, bytes, sizeof bytes, MSG_NOSIGNAL) < 0)
        return;
    struct timeval patience = {.tv_usec = 20000};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (recv(connection, bytes, sizeof bytes, 0) > 0) {
    }
}

static void *rush(void *argument)
{
    struct flood *flood = argument;
    struct sockaddr_in from = {.sin_family = AF_INET};
    inet_pton(AF_INET, "127.0.0.2", &from.sin_addr);
    for (;;) {
        int connection = socket(AF_INET, SOCK_STREAM, 0);
        struct timeval patience = {.tv_usec = 2000};
        setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (bind(connection, (struct sockaddr *)&from, sizeof from) == 0 &&
            connect(connection, (struct sockaddr *)&flood->server, sizeof flood->server) == 0)
            send_nonsense(connection);
        ++*flood->attempts;
        if (connection >= 0)
            close(connection);
    }
    return NULL;
}

/* Until it is killed. */
static void run_flood(struct flood *flood, const char *port, const struct identity *stranger)
{
    pthread_t thread;
    char byte;
    /* On the last processor: what it takes there is not what it costs the broker. */
    cpu_set_t last;
    CPU_ZERO(&last);
    CPU_SET((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
    sched_setaffinity(0, sizeof last, &last);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (read(flood->starting[0], &byte, 1) != 1)
        _exit(0);
    for (int i = 0; i < STRANGERS; i++) { /* whole handshakes, again and again */
        zsock_t *socket = zsock_new(ZMQ_DEALER);
        zsock_set_reconnect_ivl(socket, 1);
        guard_identify(socket, stranger);
        zsock_connect(socket, "tcp://127.0.0.2:0;127.0.0.1:%s", port);
    }
    for (int i = 1; i < FLOODERS; i++)
        pthread_create(&thread, NULL, rush, flood);
    rush(flood);
}

/* Before this process has sockets. */
static void prepare_flood(struct flood *flood, const struct stage *stage)
{
    const char *port = strrchr(stage->endpoint, ':') + 1;
    struct identity *stranger = stage_stranger(stage);
    *flood = (struct flood){.server = {.sin_family = AF_INET}};
    flood->server.sin_port = htons((uint16_t)atoi(port));
    inet_pton(AF_INET, "127.0.0.1", &flood->server.sin_addr);
    flood->attempts = mmap(NULL, sizeof *flood->attempts, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(flood->attempts, MAP_FAILED);
    assert_int_equal(pipe(flood->starting), 0);
    flood->process = fork();
    if (flood->process == 0)
        run_flood(flood, port, stranger);
    assert_true(flood->process > 0);
    identity_destroy(&stranger);
}

static void end_flood(struct flood *flood)
{
    kill(flood->process, SIGKILL);
    waitpid(flood->process, NULL, 0);
    close(flood->starting[0]);
    close(flood->starting[1]);
    munmap(flood->attempts, sizeof *flood->attempts);
}

/* How many calls a second are answered: all must be. */
static double rate_of_calls(zsock_t *client)
{
    int64_t started = zclock_usecs();
    for (int i = 0; i < CALLS; i++) {
        zmsg_t *answer = peer_ask(client, "mmi.service", "echo", NULL);
        assert_string_equal(frame_text(answer, 0), "404");
        zmsg_destroy(&answer);
    }
    return CALLS * 1e6 / (double)(zclock_usecs() - started);
}

static void test_a_flood_without_keys_does_not_stop_those_with_keys(void **state)
{
    (void)state;
    struct stage stage;
    struct flood flood;
    stage_open_tcp(&stage, "");
    prepare_flood(&flood, &stage);
    zsock_t *client = stage_peer(&stage);
    rate_of_calls(client); /* warm */
    assert_int_equal(write(flood.starting[1], "x", 1), 1);
    assert_true(process_logged(stage.broker, "bad_peer peer=127.0.0.2 ", 60000));
    /* In turns, so that what else the machine does falls on both. */
    double alone = 0, during = 0;
    int rounds = 0;
    do {
        kill(flood.process, SIGSTOP);
        alone += rate_of_calls(client);
        kill(flood.process, SIGCONT);
        during += rate_of_calls(client);
        rounds++;
    } while (*flood.attempts < ATTEMPTS || rounds < ROUNDS);

    /* One that comes now gets in too. */
    struct identity *late = stage_identity(&stage, "client", "late");
    zsock_t *newcomer = stage_peer_as(&stage, late);
    rate_of_calls(newcomer);
    long attempts = *flood.attempts;
    end_flood(&flood);
    print_message("calls a second: %.0f alone, %.0f in a flood of %ld connections\n",
                  alone / rounds, during / rounds, attempts);
    assert_true(process_log_count(stage.broker, "bad_peer") <= 3); /* one a minute */
    identity_destroy(&late);
    zsock_destroy(&newcomer);
    zsock_destroy(&client);
    assert_int_equal(process_stop(&stage.broker, 60000), 0);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_flood_without_keys_does_not_stop_those_with_keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
