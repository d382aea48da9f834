#!/usr/bin/python3
"""Two hosts, as network namespaces: the services on one, the HTTP gateway on the other, over tcp with
keys. The gateway's state has what such a host has: its configuration, keys, users and a copy of the
catalog. This process is on the gateway's host. Prints its results as cmocka does, for tests/run.sh to
count. Needs root and iproute2."""
import ctypes
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.parse

import cases
from http_world import PASSWORDS, UNIT, Client, await_ready, project
from network_world import (SERVER, Host, await_that, give_key, join_network, know_server, prepare)
from webhook_world import Receiver

PORT = 8080
OLD, NEW = "晋财综〔2021〕63号", "晋财综〔2025〕28号"
CLONE_NEWNET = 0x40000000


def enter_network(name):
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    failed = ctypes.CDLL(None, use_errno=True).setns(descriptor, CLONE_NEWNET)
    os.close(descriptor)
    assert not failed, os.strerror(ctypes.get_errno())


class World:
    """`server` has all services, `desk` the gateway; the test is on the latter's network."""
    port = PORT

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="jinmu.")
        self.hosts = []
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.set_up()
        except BaseException:
            print(self.logged())
            self.remove()
            raise

    def set_up(self):
        self.server, self.desk = self.add_host("a"), self.add_host("b")
        self.server.ip("addr", "add", f"{SERVER}/32", "dev", "lo")
        join_network(self.server, self.desk, 1)
        self.server.start("jinmu", "serve_ready", "serve", "--workers", "1")
        give_key(self.server, self.desk, "client", "desk")
        know_server(self.server, self.desk)
        for name, role, units in (("admin", "admin", []), ("rev", "reviewer", []),
                                  ("sub", "submitter", ["--unit", UNIT])):
            subprocess.run(self.desk.command("jinmu", "users", "add", name, "--role", role,
                                             "--password-stdin", *units), check=True, text=True,
                           input=PASSWORDS[name] + "\n", stdout=subprocess.DEVNULL)
        self.start_gateway()
        enter_network(f"/run/netns/{self.desk.name}")

    def add_host(self, name):
        host = Host(name, self.folder)
        self.hosts.append(host)
        return host

    def start_gateway(self):
        self.desk.start("jinmu-gateway", "gateway_ready", "--listen", f"127.0.0.1:{PORT}")

    def restart_gateway(self):
        assert self.desk.stop() == [0]
        self.start_gateway()

    def allow(self, origin):
        """The webhooks' section stands last in the desk's configuration."""
        path = os.path.join(self.desk.state, "jinmu.zpl")
        with open(path, encoding="ascii") as file:
            text = file.read().partition("webhooks")[0]
        with open(path, "w", encoding="ascii") as file:
            file.write(f"{text}webhooks\n    allow = \"{origin}\"\n")

    def cut(self):
        self.desk.ip("link", "set", "up0", "down")

    def mend(self):
        self.desk.ip("link", "set", "up0", "up")
        self.desk.ip("route", "replace", SERVER, "via", "10.77.1.1")

    def take_catalog(self):
        """As README says: a backup of the server's, out of which the desk takes the catalog."""
        backup = tempfile.mkdtemp(dir=self.folder)
        self.server.jinmu("backup", backup)
        return self.desk.jinmu("catalog", "take", os.path.join(backup, "catalog.db"))

    def logged(self):
        return "".join(f"--- {host.name} {name}\n{host.log(name[:-4])[-5000:]}"
                       for host in self.hosts for name in sorted(os.listdir(host.state))
                       if name.endswith(".log"))

    def close(self):
        statuses = [host.stop() for host in reversed(self.hosts)]
        self.remove()
        assert statuses == [[0], [0]], statuses

    def remove(self):
        ctypes.CDLL(None).setns(self.home, CLONE_NEWNET)
        for host in self.hosts:
            host.remove()
        shutil.rmtree(self.folder)


class Stream(threading.Thread):
    """Reads the event stream until it has seen as many events as awaited."""

    def __init__(self, client, since):
        super().__init__(daemon=True)
        self.events = []
        self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
        self.connection.request("GET", f"/api/v1/events?since={since}",
                                headers={"Cookie": client.cookie})
        self.response = self.connection.getresponse()
        assert self.response.status == 200
        self.start()

    def run(self):
        fields = {}
        for line in self.response:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            fields[name] = value
            if name == "data":
                self.events.append((int(fields["id"]), fields["event"], json.loads(value)))

    def await_number(self, number):
        await_that(lambda: self.events and self.events[-1][0] >= number, f"event {number}")

    def close(self):
        self.response.fp.raw._sock.shutdown(2)  # pylint: disable=protected-access
        self.join()
        self.connection.close()


def quoted(path):
    return urllib.parse.quote(path, safe="/?=&")


def test_without_a_catalog_the_gateway_says_what_to_do_and_makes_no_empty_one(world):
    admin = Client(world, "admin")
    answer = admin.ask("GET", "/readyz")
    assert answer.status == 503 and answer.json["missing"] == ["catalog"], answer.json
    answer = admin.ask("GET", "/catalog/revisions")
    assert answer.status == 503 and "jinmu catalog take" in answer.json["detail"], answer.json
    answer = admin.ask("POST", quoted(f"/catalog/{OLD}/map/{NEW}"))
    assert answer.status == 422 and answer.json["code"] == "catalog.elsewhere", answer.json
    assert not os.path.exists(os.path.join(world.desk.state, "catalog.db"))


def test_the_catalog_of_the_server_is_taken_over_as_its_keeper_has_it(world):
    sub = Client(world, "sub")
    stamps = []
    for revision, other in ((OLD, NEW), (NEW, OLD)):
        world.server.jinmu("catalog", "use", revision, "--by", "王")
        assert "已取来" in world.take_catalog()
        answer = sub.ask("GET", "/catalog/revisions")
        current = [r["number"] for r in answer.json["revisions"] if r["in_force"]]
        assert revision in current and other not in current, answer.json
        stamps.append(answer.headers["ETag"])
        await_ready(sub)
    assert stamps[0] != stamps[1]
    for path in (f"/catalog/{NEW}/tree?department=行政审批", f"/catalog/{NEW}/usage",
                 f"/catalog/{NEW}/changes?from={OLD}", f"/catalog/{OLD}/map/{NEW}",
                 "/catalog/search?q=热线", "/catalog/proposals", "/catalog/rules"):
        assert sub.ask("GET", quoted(path)).status == 200, path
    for path in (f"//catalog/{NEW}.ttl", f"//reconcile/{NEW}"):
        assert sub.ask("GET", quoted(path), valid=False).status == 200, path


def test_a_file_that_is_no_catalog_is_not_taken(world):
    before = open(os.path.join(world.desk.state, "catalog.db"), "rb").read()
    text = os.path.join(world.folder, "text")
    with open(text, "w", encoding="utf-8") as file:
        file.write("no database, but long enough to be taken for one" * 200)
    for path in (text, os.path.join(world.desk.state, "gateway.db"),
                 os.path.join(world.folder, "nowhere")):
        failed = subprocess.run(world.desk.command("jinmu", "catalog", "take", path), text=True,
                                capture_output=True, check=False)
        assert failed.returncode == 2 and path in failed.stderr, failed
    assert open(os.path.join(world.desk.state, "catalog.db"), "rb").read() == before
    own = os.path.join(world.desk.state, "catalog.db")
    failed = subprocess.run(world.server.command("jinmu", "catalog", "take", own), text=True,
                            capture_output=True, check=False)
    assert failed.returncode == 2 and "results.db" in failed.stderr, failed
    assert not [name for name in os.listdir(world.desk.state) if "take" in name]


def test_a_project_goes_its_way_from_submission_to_the_audit_log(world):
    sub, rev, admin = (Client(world, name) for name in ("sub", "rev", "admin"))
    answer = sub.ask("POST", "/projects", {"projects": [project(1), project(2)]},
                     {"Prefer": "wait=20"})
    assert answer.status == 200 and answer.json["state"] == "done", answer.body
    receipt = sub.ask("POST", "/projects", project(3))
    assert receipt.status in (200, 202), receipt.body  # 200: done already
    await_that(lambda: sub.get(f"/receipts/{receipt.json['receipt']}")["state"] == "done", "done")
    assert sub.ask("POST", "/check", project(4)).status == 200
    assert {r["project"] for r in rev.get("/results")["results"]} == {"P-1", "P-2", "P-3"}
    assert rev.ask("GET", "/results.csv").body.count(b"P-") == 3
    assert rev.get("/stats", by="department")
    stored = rev.get("/projects/P-1")["results"][0]
    answer = rev.ask("POST", f"/results/{stored['number']}/reviews",
                     {"decision": "accept", "reason": "材料齐全"}, {"If-Match": '"v0"'})
    assert answer.status == 201, answer.body
    again = rev.ask("POST", f"/results/{stored['number']}/reviews",
                    {"decision": "reject", "kind": "goods"}, {"If-Match": '"v0"'})
    assert again.status == 412, again.body
    assert "rev" in json.dumps(rev.get("/projects/P-1/history")["entries"])
    assert rev.get("/projects/P-2/similar")
    entry = admin.get("/audit", action="review.", limit=10)["entries"][0]
    assert entry["who"] == "rev" and str(stored["number"]) in entry["object"], entry
    # The decision is remembered where the collector is, and the desk's copy is as it was taken.
    await_that(lambda: "P-1" in world.server.jinmu("reviews", "list"), "remembered")
    assert "P-1" not in world.desk.jinmu("reviews", "list")
    world.take_catalog()
    assert "P-1" in world.desk.jinmu("reviews", "list")


def test_status_is_that_of_the_services_and_of_this_gateway(world):
    admin = Client(world, "admin")
    await_ready(admin)
    system = admin.get("/system")
    assert system["ready"] and system["collector"]["results"] >= 3, system
    assert len(system["broker"]["workers"]) == 1
    metrics = admin.ask("GET", "/metrics").body.decode().splitlines()
    assert any(line.startswith("jinmu_queue_jobs") for line in metrics)
    assert any(line.startswith("jinmu_http_requests_total") for line in metrics)
    assert "results" in world.desk.jinmu("status")
    told = subprocess.run(world.desk.command("jinmu", "doctor"), text=True, capture_output=True,
                          check=False)
    assert told.returncode == 0 and "任务代理在运行，处理程序 1 个" in told.stdout, told
    backup = os.path.join(world.folder, "desk-backup")
    assert "gateway.db" in world.desk.jinmu("backup", backup)


def test_a_reclassification_is_told_in_the_event_stream(world):
    admin = Client(world, "admin")
    stream = Stream(admin, admin.get("/results", limit=1)["last_event"])
    world.server.jinmu("reclassify", "--to", OLD)
    await_that(lambda: any(kind == "reclassify" and data["notice"]["reclassify"] == "finished"
                           for _, kind, data in stream.events), stream.events)
    stream.close()
    told = [data["notice"]["reclassify"] for _, kind, data in stream.events if kind == "reclassify"]
    assert told == ["begun", "finished"], told


def test_correspondences_are_decided_where_the_collector_is(world):
    admin = Client(world, "admin")
    answer = admin.ask("POST", quoted(f"/catalog/{OLD}/map/{NEW}"))
    assert answer.status == 422 and answer.json["code"] == "catalog.elsewhere", answer.json
    world.server.jinmu("catalog", "map", "propose", OLD, NEW)
    assert admin.get(quoted(f"/catalog/{OLD}/map/{NEW}"))["links"] == []
    world.take_catalog()
    link = admin.get(quoted(f"/catalog/{OLD}/map/{NEW}"))["links"][0]
    answer = admin.ask("POST", quoted(f"/catalog/{OLD}/map/{NEW}/{link['id']}"),
                       {"decision": "confirm"})
    assert answer.status == 422 and answer.json["code"] == "catalog.elsewhere", answer.json


def test_over_a_cable_that_is_cut_and_mended_no_event_is_missed(world):
    admin, sub = Client(world, "admin"), Client(world, "sub")
    first = admin.get("/results", limit=1)["last_event"]
    stream = Stream(admin, first)
    assert sub.ask("POST", "/projects", project(20), {"Prefer": "wait=20"}).status == 200
    world.cut()
    try:
        answer = sub.ask("GET", "/results")
        assert answer.status == 503 and answer.json["code"] == "service.silent", answer.json
        assert answer.headers["Retry-After"]
        assert sub.ask("POST", "/projects", project(21)).status == 503
        assert sub.ask("GET", "/session").status == 200, "who is signed in is known here"
        path = os.path.join(world.folder, "meanwhile.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            for number in range(30, 80):
                file.write(json.dumps(project(number), ensure_ascii=False) + "\n")
        world.server.jinmu("submit", "--wait", path)
    finally:
        world.mend()
    await_ready(sub)
    assert sub.ask("POST", "/projects", project(22), {"Prefer": "wait=20"}).status == 200
    last = admin.get("/results", limit=1)["last_event"]
    stream.await_number(last)
    stream.close()
    assert [number for number, _, _ in stream.events] == list(range(first + 1, last + 1))


def test_what_needs_an_admin_s_key_is_refused_to_a_client_s_in_clear_words(world):
    admin = Client(world, "admin")
    for method, path in (("GET", "/dead-letters"), ("GET", "/webhooks")):
        answer = admin.ask(method, path)
        assert answer.status == 502 and answer.json["code"] == "service.key", answer.json
        assert "admin" in answer.json["detail"], answer.json
    give_key(world.server, world.desk, "admin", "desk-admin")
    world.restart_gateway()
    assert admin.get("/dead-letters") == {"jobs": []}
    assert admin.get("/webhooks")["webhooks"] == []
    answer = admin.ask("POST", "/webhooks", {"url": "https://oa.example.cn/"})
    assert answer.status == 422 and answer.json["code"] == "webhook.not_allowed"
    world.allow("https://oa.example.cn")
    answer = admin.ask("POST", "/webhooks", {"url": "https://oa.example.cn/"})
    assert answer.status == 201, answer.body
    assert admin.ask("DELETE", f"/webhooks/{answer.json['id']}").status == 204


def test_a_worker_and_the_postman_work_beside_the_gateway(world):
    admin, receiver = Client(world, "admin"), Receiver()
    give_key(world.server, world.desk, "worker", "desk-worker")
    world.allow(f"http://127.0.0.1:{receiver.port}")
    world.desk.start("jinmu-worker", "worker_ready")
    world.desk.start("jinmu-postman", "postman_ready")
    await_that(lambda: len(admin.get("/system")["broker"]["workers"]) == 2, "both workers")
    world.take_catalog()
    await_that(lambda: "catalog_loaded" in world.desk.log("jinmu-worker"), "taken up")
    webhook = admin.ask("POST", "/webhooks", {"url": receiver.url})
    assert webhook.status == 201, webhook.body
    await_ready(admin)
    assert admin.ask("POST", "/projects", project(90), {"Prefer": "wait=20"}).status == 200
    receiver.await_count(1)
    assert receiver.messages[0].is_signed_by(webhook.json["secret"])
    assert admin.ask("DELETE", f"/webhooks/{webhook.json['id']}").status == 204
    receiver.close()
    assert world.desk.stop() == [0, 0, 0]
    world.start_gateway()


def test_a_key_that_is_revoked_ends_all_and_the_log_says_why(world):
    admin = Client(world, "admin")
    world.server.jinmu("keys", "revoke", "desk-admin")
    assert admin.ask("GET", "/results").status == 503
    await_that(lambda: "service_silent service=collector code=keys.refused" in
               world.desk.log("jinmu-gateway"), world.desk.log("jinmu-gateway")[-2000:])
    told = subprocess.run(world.desk.command("jinmu", "doctor"), text=True, capture_output=True,
                          check=False)
    assert told.returncode == 1 and "服务不认本机的密钥" in told.stdout, told
    failed = subprocess.run(world.desk.command("jinmu", "keygen", "admin", "desk-admin-2"),
                            text=True, capture_output=True, check=False)
    assert failed.returncode == 2 and "jinmu keys revoke desk-admin`" in failed.stderr, failed
    world.desk.jinmu("keys", "revoke", "desk-admin")
    give_key(world.server, world.desk, "admin", "desk-admin-2")
    world.restart_gateway()
    assert admin.get("/results", limit=1)["results"]


def main():
    try:
        prepare()
    except cases.Skipped as reason:
        def skip(why=reason):
            raise why
        names = {name: skip for name in globals() if name.startswith("test_")}
        return 1 if cases.run(names) else 0
    world = World()
    failed = cases.run_with(globals(), world)
    if failed:
        print(world.logged())
        world.remove()
    else:
        world.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
