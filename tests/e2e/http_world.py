"""`jinmu serve --http` on a directory of its own, and clients whose answers are held against
services/gateway/openapi.json."""
import ctypes
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

import jsonschema

import cases

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.join(ROOT, os.environ.get("JINMU_BIN", "build/bin"))
UNIT = "示例市政务服务中心"
OTHER_UNIT = "示例市图书馆"
PASSWORDS = {"admin": "correct horse 1", "rev": "correct horse 2", "rev2": "correct horse 3",
             "sub": "correct horse 4", "lib": "correct horse 5"}

with open(os.path.join(ROOT, "services/gateway/openapi.json"), encoding="utf-8") as file:
    OPENAPI = json.load(file)
OPERATIONS = [(method.upper(), re.compile("^" + re.sub(r"\{\w+\}", "[^/]+", path) + "$"), operation)
              for path, methods in OPENAPI["paths"].items() for method, operation in methods.items()]
# Words go before captures, as in the service.
OPERATIONS.sort(key=lambda entry: entry[1].pattern.count("[^/]+"))


def check_against_contract(method, path, answer):
    """Status, media type and body are those of the operation in the document."""
    bare = path.split("?")[0].removeprefix("/api/v1")
    operation = next((o for m, p, o in OPERATIONS if m == method and p.match(bare)), None)
    if operation is None:
        assert answer.status in (404, 405), (method, path, answer.status)
        return
    responses = operation["responses"]
    response = responses.get(str(answer.status), responses["default"])
    if str(answer.status) not in responses:
        assert answer.status >= 400, (method, path, answer.status, "is not in the contract")
    content = response.get("content")
    if not content:
        assert answer.body == b"", (method, path, answer.body)
        return
    media = (answer.headers["Content-Type"] or "").split(";")[0]
    assert media in content, (method, path, answer.status, media)
    if "json" in media:
        schema = dict(content[media]["schema"], components=OPENAPI["components"])
        jsonschema.Draft202012Validator(schema).validate(answer.json)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """A browser (name) or a program (token)."""

    def __init__(self, world, name=None, token=None, source=None):
        self.world, self.token, self.source = world, token, source
        self.cookie = self.csrf = None
        if name:
            answer = self.ask("POST", "/session", {"name": name, "password": PASSWORDS[name]})
            assert answer.status == 200, answer.body
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
            self.csrf = answer.json["csrf"]

    def ask(self, method, path, body=None, headers=None, valid=True, raw=None):
        path = path if path.startswith("/api/") or path.startswith("//") else "/api/v1" + path
        sent = {}
        if self.cookie:
            sent["Cookie"] = self.cookie
            if method != "GET":
                sent["X-CSRF-Token"] = self.csrf
        if self.token:
            sent["Authorization"] = "Bearer " + self.token
        if body is not None:
            raw = json.dumps(body, ensure_ascii=False).encode()
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        connection = http.client.HTTPConnection("127.0.0.1", self.world.port, timeout=90,
                                                source_address=self.source)
        connection.request(method, path, raw, sent)
        answer = Answer(connection.getresponse())
        connection.close()
        if valid:
            check_against_contract(method, path, answer)
        return answer

    def get(self, path, expected=200, **parameters):
        query = urllib.parse.urlencode(parameters)
        answer = self.ask("GET", path + ("?" + query if query else ""))
        assert answer.status == expected, (path, parameters, answer.status, answer.body[:500])
        return answer.json if expected == 200 else answer


def die_with_parent():
    """A test that is killed leaves no services behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class World:
    def __init__(self, *options):
        self.folder = tempfile.mkdtemp(prefix="jm-http-")
        self.port = free_port()
        self.environment = dict(os.environ, JINMU_STATE=self.folder)
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.serve = None
        self.options = options
        self.start()
        for name, role, unit in (("admin", "admin", None), ("rev", "reviewer", None),
                                 ("rev2", "reviewer", None), ("sub", "submitter", UNIT),
                                 ("lib", "submitter", OTHER_UNIT)):
            units = ["--unit", unit] if unit else []
            self.jinmu("users", "add", name, "--role", role, "--password-stdin", *units,
                       stdin=PASSWORDS[name] + "\n")
        made = self.jinmu("tokens", "add", "workflow", "--role", "admin", "--json")
        self.token = json.loads(made)["token"]

    def start(self):
        self.serve = subprocess.Popen(
            [os.path.join(BIN, "jinmu"), "serve", "--workers", "1", "--http",
             f"127.0.0.1:{self.port}", *self.options],
            env=self.environment, stdout=subprocess.PIPE, stderr=self.log, text=True,
            preexec_fn=die_with_parent)
        line = self.serve.stdout.readline()
        assert line.startswith("ready"), (line, self.logged()[-3000:])

    def jinmu(self, *arguments, stdin=None, expected=0):
        done = subprocess.run([os.path.join(BIN, "jinmu"), *arguments], env=self.environment,
                              input=stdin, text=True, capture_output=True, timeout=120, check=False)
        assert done.returncode == expected, (arguments, done.stdout, done.stderr)
        return done.stdout

    def logged(self):
        with open(self.log.name, "rb") as log:
            return log.read().decode(errors="replace")

    def stop(self):
        self.serve.send_signal(signal.SIGTERM)
        status = self.serve.wait(timeout=120)
        self.serve.stdout.close()
        return status

    def close(self):
        status = self.stop()
        self.log.close()
        shutil.rmtree(self.folder)
        return status


def run_cases(names, subject, world):
    """Runs a script's cases, each with `subject`; shows the log of the world when one fails, and ends
    the world. What main gives."""
    failed = cases.run_with(names, subject)
    if failed:
        print(world.logged()[-6000:])
    status = subject.close()
    if status:
        print(f"[  FAILED  ] serve ended with {status}")
    return 1 if failed or status else 0


def project(number, **members):
    return dict({"id": f"P-{number}", "unit": UNIT, "department": "示例市行政审批服务管理局",
                 "year": 2026, "name": f"政务服务标准化建设{number}", "amount_yuan": 500000,
                 "description": "编制政务服务事项标准，开展标准化建设与培训，共需经费50万元，"
                                "其中编制20万元，培训20万元。"}, **members)


def await_ready(client, deadline_s=60):
    """After reviews a worker takes the catalog up anew, and is away for that long."""
    deadline = time.monotonic() + deadline_s
    while client.ask("GET", "/readyz").status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def await_results(client, count, deadline_s=90):
    deadline = time.monotonic() + deadline_s
    while True:
        results = client.get("/results", limit=500)["results"]
        if len(results) >= count:
            return results
        assert time.monotonic() < deadline, len(results)
        time.sleep(0.02)
