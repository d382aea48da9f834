#!/usr/bin/python3
"""Foreign programs that speak 7/MDP (v0.1), written as the ZeroMQ guide does, against our broker:
an echo service of their own, and our classify service behind `jinmu serve`. Prints its results as
cmocka does, for tests/run.sh to count."""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import zmq

import cases

BIN = os.environ.get("JINMU_BIN", "build/bin")
CLIENT, WORKER = b"MDPC01", b"MDPW01"
READY, REQUEST, REPLY, HEARTBEAT, DISCONNECT = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"
TIMEOUT_MS = 60000
START_S = 60


class Client:
    """A REQ socket: it adds the empty frame that 7/MDP wants, and takes it off."""

    def __init__(self, endpoint):
        self.socket = zmq.Context.instance().socket(zmq.REQ)
        self.socket.linger = 0
        self.socket.rcvtimeo = TIMEOUT_MS
        self.socket.connect(endpoint)

    def ask(self, service, *body):
        self.socket.send_multipart([CLIENT, service] + list(body))
        frames = self.socket.recv_multipart()
        assert frames[:2] == [CLIENT, service], frames
        return frames[2:]

    def await_reply(self, uuid):
        deadline = time.monotonic() + TIMEOUT_MS / 1000
        while True:
            answer = self.ask(b"titanic.reply", uuid)
            if answer[0] != b"300":
                return answer
            assert time.monotonic() < deadline, "still pending"
            time.sleep(0.01)

    def close(self):
        self.socket.close()


class EchoWorker(threading.Thread):
    """A DEALER that answers each request with its own body, back to front."""

    def __init__(self, endpoint, service):
        super().__init__(daemon=True)
        self.endpoint, self.service = endpoint, service
        self.ending = threading.Event()
        self.commands = []
        self.start()

    def run(self):
        socket = zmq.Context.instance().socket(zmq.DEALER)
        socket.linger = 1000
        socket.connect(self.endpoint)
        socket.send_multipart([b"", WORKER, READY, self.service])
        while not self.ending.is_set():
            if not socket.poll(50):
                socket.send_multipart([b"", WORKER, HEARTBEAT])
                continue
            empty, header, command, *rest = socket.recv_multipart()
            assert (empty, header) == (b"", WORKER)
            self.commands.append(command)
            if command == REQUEST:
                client, separator, *body = rest
                assert separator == b""
                socket.send_multipart(
                    [b"", WORKER, REPLY, client, b""] + [frame[::-1] for frame in body])
        socket.send_multipart([b"", WORKER, DISCONNECT])
        socket.close()

    def stop(self):
        self.ending.set()
        self.join()


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Service:
    """A program of ours, ready when it has printed `ready`."""

    def __init__(self, arguments, ready):
        self.process = subprocess.Popen(
            [os.path.join(BIN, arguments[0])] + arguments[1:], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, preexec_fn=die_with_parent)
        self.lines = []
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self.read, args=(ready,), daemon=True)
        self.reader.start()
        if not self.ready.wait(START_S) or self.process.poll() is not None:
            self.process.kill()
            raise AssertionError("did not start:\n" + "".join(self.lines))

    def read(self, ready):
        for line in self.process.stdout:
            self.lines.append(line)
            if ready in line:
                self.ready.set()
        self.ready.set()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(60)
        self.reader.join()
        self.process.stdout.close()
        return status


def with_broker(test):
    state = tempfile.mkdtemp(prefix="jinmu.")
    broker = Service(["jinmu-broker", "--state", state], "broker_ready")
    client = Client(f"ipc://{state}/broker.sock")
    try:
        test(client, f"ipc://{state}/broker.sock")
        assert broker.stop() == 0
    finally:
        client.close()
        broker.process.kill()
        shutil.rmtree(state)


def test_a_client_and_a_worker_of_the_old_version_meet():
    def body(client, endpoint):
        worker = EchoWorker(endpoint, b"echo")
        assert client.ask(b"echo", b"hello") == [b"olleh"]
        assert client.ask(b"echo", b"one", b"", b"two") == [b"eno", b"", b"owt"]
        assert client.ask(b"mmi.service", b"echo") == [b"200"]
        assert client.ask(b"mmi.service", b"nobody") == [b"404"]
        assert client.ask(b"mmi.other", b"x") == [b"501"]
        worker.stop()
        assert worker.commands.count(REQUEST) == 2
    with_broker(body)


def test_the_three_calls_of_titanic():
    def body(client, endpoint):
        status, uuid = client.ask(b"titanic.request", b"echo", b"durable")
        assert status == b"200" and len(uuid) == 32
        assert client.ask(b"titanic.reply", uuid) == [b"300"]
        worker = EchoWorker(endpoint, b"echo")
        assert client.await_reply(uuid) == [b"200", b"elbarud"]
        assert client.ask(b"titanic.reply", uuid) == [b"200", b"elbarud"]
        assert client.ask(b"titanic.close", uuid) == [b"200"]
        assert client.ask(b"titanic.reply", uuid) == [b"400"]
        assert client.ask(b"titanic.close", uuid) == [b"200"]
        worker.stop()
    with_broker(body)


def with_services(test):
    state = tempfile.mkdtemp(prefix="jinmu.")
    services = Service(["jinmu", "serve", "--state", state, "--workers", "1"], "ready state=")
    client = Client(f"ipc://{state}/broker.sock")
    try:
        test(client)
        assert services.stop() == 0, "".join(services.lines)
    finally:
        client.close()
        if services.process.poll() is None:
            services.stop()
        shutil.rmtree(state)


PROJECT = {"id": "foreign-1", "name": "会计报表审计服务", "unit": "某市财政局", "year": 2026,
           "description": "委托会计师事务所对预算单位的年度会计报表开展审计。"}


def test_classify_answers_a_foreign_client_at_once_and_through_titanic():
    def body(client):
        request = json.dumps(PROJECT, ensure_ascii=False).encode()
        answer, = client.ask(b"classify", request)
        result = json.loads(answer)
        assert result["id"] == "foreign-1", result
        assert result["decision"] in ("auto", "review", "none"), result
        status, uuid = client.ask(b"titanic.request", b"classify", request)
        assert status == b"200"
        assert client.await_reply(uuid)[0] == b"200"
        assert client.ask(b"titanic.close", uuid) == [b"200"]
        answer, = client.ask(b"classify", b"this is no JSON")
        assert "error" in json.loads(answer), answer
    with_services(body)


def main():
    return 1 if cases.run(globals()) else 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # a worker thread of a failed test may still hold a socket
