"""A client of a chaos run: hands batches in with idempotency keys, asks again whenever there is no
answer, and checks what it is answered."""
import json
import time

import zmq

HEADER, REQUEST, FINAL = b"MDPC02", b"\x01", b"\x03"
SILENCE_S = 1.5
POLL_S = 0.1
NAMES = ["政务服务标准化", "社区养老服务", "办公楼物业管理", "购置办公电脑", "道路交通事故统计分析"]


def project(number):
    return {"id": f"p{number}", "year": 2026, "unit": "某市民政局",
            "name": NAMES[number % len(NAMES)] + str(number),
            "description": f"第{number}号项目，委托专业机构承担，按年度考核后支付。"}


class Slot:
    """One batch at a time: submitted, asked for until it is answered, closed."""

    def __init__(self, clients):
        self.clients = clients
        self.socket = None
        self.next_batch()

    def next_batch(self):
        self.batch = self.clients.take_batch()
        self.uuid = None
        self.step = "submit" if self.batch else "idle"
        self.at = time.monotonic() if self.batch else float("inf")
        self.waits = False

    def connect(self):
        if self.socket:
            self.clients.poller.unregister(self.socket)
            self.socket.close()
        self.socket = self.clients.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.reconnect_ivl = 20
        self.socket.connect(self.clients.endpoint)
        self.clients.poller.register(self.socket, zmq.POLLIN)
        self.clients.by_socket[self.socket] = self

    def ask(self):
        """Asks what is due; after a silence on a new connection, for an old answer may be on its
        way on the old one."""
        if self.waits or not self.socket:
            self.connect()
        if self.step == "submit":
            options = {"priority": "bulk", "idempotency_key": f"batch-{self.batch.first}"}
            frames = [b"jinmu.submit", json.dumps(options).encode(), b"classify", self.batch.body()]
            if self.batch.summary:
                frames.append(b'{"reply":"summary"}')
        else:
            frames = [b"titanic." + self.step.encode(), self.uuid]
        self.socket.send_multipart([HEADER, REQUEST] + frames)
        self.waits = True
        self.at = time.monotonic() + SILENCE_S

    def receive(self):
        frames = self.socket.recv_multipart()
        assert frames[:2] == [HEADER, FINAL], frames
        self.waits = False
        getattr(self, "on_" + self.step)(frames[3], frames[4:])

    def again_in(self, seconds):
        self.at = time.monotonic() + seconds

    def on_submit(self, status, body):
        if status == b"503":
            self.clients.refused += 1
            error = json.loads(body[0])["error"]
            assert error["retry_after_s"] >= 1, error
            self.again_in(0.2)
            return
        assert status == b"200", (status, body)
        self.uuid = body[0]
        self.batch.acknowledge()
        self.step = "reply"
        self.again_in(POLL_S)

    def on_reply(self, status, body):
        if status == b"300":
            self.again_in(POLL_S)
            return
        assert status == b"200", (status, body, self.batch.first)
        self.batch.check(json.loads(body[0]))
        self.step = "close"
        self.again_in(0)

    def on_close(self, status, body):
        del body
        if status != b"200":
            self.again_in(POLL_S)
            return
        self.clients.answered += self.batch.count
        self.next_batch()


class Batch:
    def __init__(self, clients, first, count, summary):
        self.clients, self.first, self.count, self.summary = clients, first, count, summary
        self.acknowledged = False

    def body(self):
        projects = [project(self.first + i) for i in range(self.count)]
        return json.dumps({"projects": projects}, ensure_ascii=False).encode()

    def acknowledge(self):
        if not self.acknowledged:
            self.clients.acknowledged += self.count
        self.acknowledged = True

    def check(self, answer):
        if self.summary:
            assert answer["stored"] + answer["duplicates"] == self.count, answer
            assert answer["errors"] == 0, answer
        else:
            ids = [result["id"] for result in answer["results"]]
            assert ids == [f"p{self.first + i}" for i in range(self.count)], ids
            assert not any("error" in result for result in answer["results"]), answer


class Clients:
    def __init__(self, endpoint, projects, batch, slots):
        self.endpoint, self.projects, self.batch_size = endpoint, projects, batch
        self.context = zmq.Context()
        self.poller = zmq.Poller()
        self.by_socket = {}
        self.given = self.allowed = self.acknowledged = self.answered = self.refused = 0
        self.slots = [Slot(self) for _ in range(slots)]

    def wants_more(self):
        """Whether all that may be handed in was, and there is more."""
        return self.given == self.allowed < self.projects

    def allow(self, projects):
        self.allowed = min(self.allowed + projects, self.projects)
        for slot in self.slots:
            if slot.step == "idle":
                slot.next_batch()

    def take_batch(self):
        count = min(self.batch_size, self.allowed - self.given)
        if count == 0:
            return None
        batch = Batch(self, self.given, count, self.given // self.batch_size % 2 == 0)
        self.given += count
        return batch

    def done(self):
        return self.answered == self.projects

    def work(self, until):
        """Serves all slots until that time."""
        while (now := time.monotonic()) < until and not self.done():
            for slot in self.slots:
                if slot.at <= now:
                    slot.ask()
            due = min([slot.at for slot in self.slots] + [until])
            for socket, _ in self.poller.poll(max(0, min(due - now, 0.1)) * 1000):
                slot = self.by_socket[socket]
                if slot.socket is socket:
                    slot.receive()

    def close(self):
        self.context.destroy(linger=0)
