#!/usr/bin/python3
"""Each service is replaced in the midst of work, as an upgrade does it: clients that ask again when
there is no answer, as MDP says, see no error."""
import json
import os
import shutil
import sys
import tempfile
import threading
import time

import zmq

import cases
import chaos
import chaos_client
import chaos_world

PROJECTS, ROUNDS = 12000, 2


class DirectClient(threading.Thread):
    """Asks for one project after the other, without titanic: what is not answered is asked again."""

    def __init__(self, endpoint):
        super().__init__(daemon=True)
        self.endpoint = endpoint
        self.answered, self.again, self.error = 0, 0, None
        self.ending = threading.Event()
        self.start()

    def connect(self):
        socket = zmq.Context.instance().socket(zmq.DEALER)
        socket.linger = 0
        socket.rcvtimeo = 2500
        socket.connect(self.endpoint)
        return socket

    def run(self):
        socket = self.connect()
        while not self.ending.is_set() and not self.error:
            number = 1000000 + self.answered
            body = json.dumps(chaos_client.project(number), ensure_ascii=False).encode()
            socket.send_multipart([b"MDPC02", b"\x01", b"classify", body])
            try:
                answer = json.loads(socket.recv_multipart()[3])
            except zmq.Again:
                self.again += 1
                socket.close()
                socket = self.connect()
                continue
            if answer.get("id") == f"p{number}" and "error" not in answer:
                self.answered += 1
            else:
                self.error = answer
        socket.close()

    def stop(self):
        self.ending.set()
        self.join()


def replace(program):
    """Ends it as an operator does and starts its successor."""
    program.killed = True  # its end is no fault …
    status = program.stop()
    assert status == 0, (program.name, status)  # … if it is a good one
    program.start()


def replace_worker(world):
    world.set_workers(len(world.workers) + 1)
    worker = world.workers.pop(0)
    assert worker.stop() == 0


def roll(world, clients, direct):
    """Replaces one service after the other, each when the work has gone on since the last."""
    steps = [lambda: replace(world.broker), lambda: replace(world.collector),
             lambda: replace_worker(world), lambda: replace_worker(world)] * ROUNDS
    share = PROJECTS // (len(steps) + 1)
    deadline = time.monotonic() + 180
    for number, step in enumerate(steps, 1):
        clients.allow(share)
        seen = direct.answered
        while clients.answered < (number - 1) * share + share // 3 or direct.answered == seen:
            assert time.monotonic() < deadline, (number, clients.answered, direct.answered)
            assert not direct.error, direct.error
            clients.work(time.monotonic() + 0.01)
        step()
    clients.allow(PROJECTS)
    while not clients.done():
        assert time.monotonic() < deadline, clients.answered
        clients.work(time.monotonic() + 0.01)


def test_every_service_is_replaced_under_load_and_no_client_sees_an_error():
    state = tempfile.mkdtemp(prefix="jinmu.")
    world = chaos_world.World(state, 2)
    try:
        world.await_log("worker_ready", 2)
        clients = chaos_client.Clients(world.endpoint, PROJECTS, 25, 20)
        direct = DirectClient(world.endpoint)
        roll(world, clients, direct)
        direct.stop()
        clients.close()
        assert not direct.error, direct.error
        assert clients.refused == 0
        assert not any(world.stop())
        assert not world.all_faults(), world.all_faults()
        lost, double, gaps = chaos.examine(state, PROJECTS, PROJECTS + direct.answered + 1)
        assert (lost, double, gaps) == (0, 0, 0)
        assert not chaos.leftovers(state)
        print(f"direct requests: {direct.answered} answered, {direct.again} asked again")
    finally:
        world.kill()
        shutil.rmtree(state)


def main():
    return 1 if cases.run(globals()) else 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # a cable of a failed test may still run
