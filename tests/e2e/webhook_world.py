"""A receiver of webhooks that checks signatures, and a postman whose clock the test sets."""
import base64
import ctypes
import hashlib
import hmac
import http.server
import json
import os
import re
import signal
import subprocess
import threading
import time

from http_world import BIN

DEADLINE_S = 90


def wait_until(condition, what, deadline_s=DEADLINE_S):
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.01)


class Message:
    def __init__(self, headers, body):
        self.headers, self.body = headers, body
        self.id = headers["webhook-id"]
        self.timestamp = headers["webhook-timestamp"]
        self.signatures = headers["webhook-signature"].split(" ")
        self.json = json.loads(body)

    def is_signed_by(self, secret):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        text = f"{self.id}.{self.timestamp}.".encode() + self.body
        mac = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        return f"v1,{mac}" in self.signatures


class Receiver:
    """Answers with what `answer` (a function of the message) gives: a status, or status and headers; over
    TLS, when it is given a context."""

    def __init__(self, tls=None):
        self.messages, self.answer, self.held = [], lambda message: 204, threading.Event()
        self.held.set()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = Message(self.headers, body)
                answer = receiver.answer(message)
                receiver.messages.append(message)
                receiver.held.wait(DEADLINE_S)
                status, headers = answer if isinstance(answer, tuple) else (answer, {})
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    pass  # the sender was killed

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda request, address: None  # a sender that was killed
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self.url = self.origin + "/hook"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def await_count(self, count):
        wait_until(lambda: len(self.messages) >= count,
                   lambda: f"{len(self.messages)} messages, {count} awaited")

    def close(self):
        self.held.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def allow(world, *origins, ca=None):
    """What the administrator writes into the configuration; without any, `jinmu serve` starts no
    postman. `ca` is a file."""
    path = os.path.join(world.folder, "jinmu.zpl")
    with open(path, "w", encoding="ascii") as file:
        file.write("webhooks\n    timeout_ms = 20000\n")
        if origins:
            file.write(f"    allow = \"{' '.join(origins)}\"\n")
        if ca:
            file.write(f"    ca = {ca}\n")
    os.chmod(path, 0o600)


def kill_program(world, name):
    """kill -9; `jinmu serve` starts it again."""
    pids = re.findall(rf"program_started program={name} pid=(\d+)", world.logged())
    os.kill(int(pids[-1]), signal.SIGKILL)


class Postman:
    def __init__(self, world):
        self.world, self.now = world, 1_800_000_000
        self.clock = os.path.join(world.folder, "clock")
        self.process = None
        self.set_clock(self.now)
        self.start()

    def set_clock(self, now):
        self.now = now
        with open(self.clock + ".new", "w", encoding="ascii") as file:
            file.write(str(now))
        os.rename(self.clock + ".new", self.clock)

    def advance(self, seconds):
        self.set_clock(self.now + seconds)

    def start(self, under=()):
        """`under` is a command that becomes the one that follows it."""
        self.process = subprocess.Popen(
            [*under, os.path.join(BIN, "jinmu-postman"), "--clock", self.clock],
            env=self.world.environment, stderr=self.world.log,
            preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGKILL))
        wait_until(lambda: f"postman_ready pid={self.process.pid} " in self.world.logged(),
                   self.world.logged)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        assert self.process.wait(DEADLINE_S) == 0
