"""Webhooks end to end: signed, in order, tried again when they must be, lost never."""
import http.client
import json
import os
import signal
import subprocess
import sys
import time

import cases
from http_world import BIN, Client, World, project
from webhook_world import DEADLINE_S, Postman, Receiver, allow, kill_program, wait_until

WAITS_S = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]


class Case:
    """A webhook of its own for each test, with an own receiver."""

    origins = []  # of the cases that are open

    def __init__(self, world, postman, **members):
        self.world, self.postman, self.receiver = world, postman, Receiver()
        self.origins.append(f"http://127.0.0.1:{self.receiver.port}")
        allow(world, *self.origins)
        self.admin = Client(world, token=world.token)
        self.reload()
        answer = self.admin.ask("POST", "/webhooks", dict(members, url=self.receiver.url))
        assert answer.status == 201, answer.body
        self.id, self.secret = answer.json["id"], answer.json["secret"]

    def reload(self):
        """The postman reads the allow-list again."""
        before = self.world.logged().count("postman reloaded")
        self.postman.process.send_signal(1)
        wait_until(lambda: self.world.logged().count("postman reloaded") > before, "no reload")

    def submit(self, *projects):
        body = {"projects": list(projects)}
        answer = self.admin.ask("POST", "/projects", body, {"Prefer": "wait=20"})
        assert answer.status == 200, answer.body

    def show(self):
        return self.admin.get(f"/webhooks/{self.id}")

    def log(self):
        return self.admin.get(f"/webhooks/{self.id}/deliveries", limit=200)["deliveries"]

    def await_log(self, condition):
        wait_until(lambda: condition(self.log()), self.log)

    def await_attempts(self, count):
        self.await_log(lambda log: log and log[0]["attempt"] == count)
        return self.log()[0]

    def close(self):
        answer = self.admin.ask("DELETE", f"/webhooks/{self.id}")
        assert answer.status == 204, answer.body
        self.origins.pop(0)
        self.receiver.close()


def test_a_result_and_its_review_arrive_signed(world, postman):
    case = Case(world, postman)
    case.submit(project("w1"))
    case.receiver.await_count(1)
    message = case.receiver.messages[0]
    assert message.is_signed_by(case.secret)
    assert abs(int(message.timestamp) - postman.now) < 2
    assert message.headers["Content-Type"] == "application/json"
    assert set(message.json) == {"type", "timestamp", "data"}
    assert message.json["type"] == "result.stored"
    assert message.json["timestamp"].endswith("Z")
    data = message.json["data"]
    assert data["project"] == "P-w1" and data["result"]["decision"] in ("auto", "review", "none")
    reviewer = Client(world, "rev")
    answer = reviewer.ask("POST", f"/results/{data['number']}/reviews",
                          {"decision": "reject", "kind": "goods", "reason": "是采购货物"},
                          {"If-Match": '"v0"'})
    assert answer.status == 201, answer.body
    case.receiver.await_count(2)
    review = case.receiver.messages[1]
    assert review.is_signed_by(case.secret) and review.json["type"] == "review.stored"
    assert review.json["data"]["review"]["reviewer"] == "rev" and review.id != message.id
    case.await_log(lambda log: [d["state"] for d in log] == ["delivered"] * 2)
    case.close()


def test_a_failure_is_tried_again_on_the_schedule_and_then_given_up(world, postman):
    case = Case(world, postman)
    case.receiver.answer = lambda message: 500
    case.submit(project("w2"))
    for tries, wait in enumerate(WAITS_S, 1):
        delivery = case.await_attempts(tries)
        assert delivery["state"] == "pending" and delivery["status"] == 500
        due = time.strptime(delivery["next_at"], "%Y-%m-%dT%H:%M:%SZ")
        seconds = int(time.mktime(due) - time.timezone) - postman.now
        assert wait <= seconds <= wait * 1.1 + 1, (tries, seconds)
        postman.advance(wait - 1)
        time.sleep(0.3)
        assert len(case.receiver.messages) == tries, "it came too early"
        postman.advance(int(wait * 0.1) + 2)
    assert case.await_attempts(10)["state"] == "failed"
    postman.advance(10 * 86400)
    time.sleep(0.3)
    assert len(case.receiver.messages) == 10
    assert len({message.id for message in case.receiver.messages}) == 1
    assert len({message.timestamp for message in case.receiver.messages}) == 10
    assert all(message.is_signed_by(case.secret) for message in case.receiver.messages)
    case.close()


def test_retry_after_is_waited_for(world, postman):
    case = Case(world, postman)
    case.receiver.answer = lambda message: (503, {"Retry-After": "600"})
    case.submit(project("w3"))
    case.await_attempts(1)
    case.submit(project("w3b"))  # nothing else goes to a receiver that rests
    postman.advance(590)
    time.sleep(0.3)
    assert len(case.receiver.messages) == 1
    case.receiver.answer = lambda message: 200
    postman.advance(11)
    case.receiver.await_count(3)
    case.close()


def test_410_disables_and_enabling_sends_all_that_came_meanwhile(world, postman):
    case = Case(world, postman)
    case.receiver.answer = lambda message: 410
    case.submit(project("w4"))
    wait_until(lambda: case.show()["disabled"], case.show)
    assert "410" in case.show()["disabled_reason"]
    case.submit(project("w5"))
    postman.advance(86400)
    time.sleep(0.3)
    assert len(case.receiver.messages) == 1
    case.receiver.answer = lambda message: 200
    assert case.admin.ask("POST", f"/webhooks/{case.id}/enable").status == 200
    case.receiver.await_count(3)
    projects = [message.json["data"]["project"] for message in case.receiver.messages]
    assert sorted(projects[1:]) == ["P-w4", "P-w5"], projects  # in any order: they are two projects
    case.close()


def test_a_redirect_is_a_failure(world, postman):
    case, other = Case(world, postman), Receiver()
    case.receiver.answer = lambda message: (307, {"Location": other.url})
    case.submit(project("w6"))
    delivery = case.await_attempts(1)
    assert delivery["state"] == "pending" and delivery["status"] == 307
    assert other.messages == []
    other.close()
    case.close()


def test_the_order_of_a_project_is_kept_while_others_go_on(world, postman):
    case = Case(world, postman)
    first = "P-w7"
    case.receiver.answer = lambda message: 500 if message.json["data"]["project"] == first else 200
    case.submit(project("w7"))
    case.await_attempts(1)
    case.submit(project("w7", description="换了说明，仍是标准化工作。"), project("w8"))
    case.receiver.await_count(2)
    case.await_log(lambda log: sum(d["state"] == "delivered" for d in log) == 1)
    assert [m.json["data"]["project"] for m in case.receiver.messages] == [first, "P-w8"]
    case.receiver.answer = lambda message: 200
    postman.advance(10)
    case.await_log(lambda log: len(log) == 3 and all(d["state"] == "delivered" for d in log))
    numbers = [m.json["data"]["number"] for m in case.receiver.messages
               if m.json["data"]["project"] == first]
    assert numbers == sorted(numbers) and len(set(numbers)) == 2, numbers
    case.close()


def test_what_was_sent_and_not_noted_comes_again_under_the_same_id(world, postman):
    case = Case(world, postman)
    case.receiver.held.clear()
    case.submit(project("w9"))
    case.receiver.await_count(1)
    postman.kill()  # the receiver has it, the outbox does not know
    case.receiver.held.set()
    postman.start()
    case.receiver.await_count(2)
    one, other = case.receiver.messages
    assert one.id == other.id and one.body == other.body
    case.await_log(lambda log: log[0]["state"] == "delivered")
    case.close()


def test_nothing_is_lost_when_collector_and_postman_are_killed(world, postman):
    case = Case(world, postman)
    count = 300
    for start in range(0, count, 50):
        case.submit(*[project(f"k{n}") for n in range(start, start + 50)])
        if start == 100:
            postman.kill()
        if start == 150:
            kill_program(world, "jinmu-collector")
        if start == 200:
            postman.start()
    projects = {f"P-k{n}" for n in range(count)}
    wait_until(lambda: {m.json["data"]["project"] for m in case.receiver.messages} == projects,
               lambda: f"{len(case.receiver.messages)} came")
    by_id = {}
    for message in case.receiver.messages:
        by_id.setdefault(message.id, set()).add(message.json["data"]["project"])
    assert len(by_id) == count, "a project came under two ids"
    wait_until(lambda: case.show()["pending"] == 0, case.show)
    case.close()


def test_both_secrets_sign_while_one_is_replaced(world, postman):
    case = Case(world, postman)
    postman.set_clock(int(time.time()))
    answer = case.admin.ask("POST", f"/webhooks/{case.id}/rotate")
    assert answer.status == 200 and answer.json["secret"] != case.secret
    assert case.show()["secrets"] == 2
    assert case.admin.ask("POST", f"/webhooks/{case.id}/test").status == 202
    case.receiver.await_count(1)
    message = case.receiver.messages[0]
    assert message.json["type"] == "webhook.test" and len(message.signatures) == 2
    assert message.is_signed_by(case.secret) and message.is_signed_by(answer.json["secret"])
    postman.set_clock(int(time.time()) + 25 * 3600)
    case.admin.ask("POST", f"/webhooks/{case.id}/test")
    case.receiver.await_count(2)
    message = case.receiver.messages[1]
    assert not message.is_signed_by(case.secret) and message.is_signed_by(answer.json["secret"])
    case.close()


def test_a_delivery_is_replayed_under_its_id(world, postman):
    case = Case(world, postman)
    case.submit(project("w10"))
    case.await_log(lambda log: log and log[0]["state"] == "delivered")
    delivery = case.log()[0]
    path = f"/webhooks/{case.id}/deliveries/{delivery['id']}/replay"
    assert case.admin.ask("POST", path).status == 202
    case.receiver.await_count(2)
    assert {m.id for m in case.receiver.messages} == {delivery["message"]}
    case.await_log(lambda log: len(log[0]["attempts"]) == 2 and log[0]["state"] == "delivered")
    missing = case.admin.ask("POST", f"/webhooks/{case.id}/deliveries/999999/replay")
    assert missing.status == 404
    case.close()


def test_only_the_wanted_departments_and_events_come(world, postman):
    case = Case(world, postman, departments=["没有这个部门"])
    every = Case(world, postman, events=["review.stored"])
    case.submit(project("w11"))
    case.admin.ask("POST", f"/webhooks/{case.id}/test")
    case.receiver.await_count(1)
    time.sleep(0.3)
    assert [m.json["type"] for m in case.receiver.messages] == ["webhook.test"]
    assert every.receiver.messages == []
    case.close()
    every.close()


def test_targets_that_are_not_allowed_are_refused(world, postman):
    case = Case(world, postman)
    port = case.receiver.port
    for url in (f"http://127.0.0.1:{port + 1}/", f"https://127.0.0.1:{port}/",
                f"http://localhost:{port}/", f"http://127.0.0.1:{port}@evil.example/",
                f"http://user:pw@127.0.0.1:{port}/", "file:///etc/passwd", "gopher://127.0.0.1/",
                "", "hook", f"http://evil.example/?http://127.0.0.1:{port}/"):
        answer = case.admin.ask("POST", "/webhooks", {"url": url})
        assert answer.status == 422 and answer.json["code"].startswith("webhook."), (url, answer.body)
    assert case.admin.ask("POST", "/webhooks", {"url": case.receiver.url,
                                                "events": ["all"]}).status == 422
    allow(world, "http://other.example")  # taken off the list later
    case.reload()
    case.submit(project("w12"))
    delivery = case.await_attempts(1)
    assert "准许名单" in delivery["error"] and case.receiver.messages == []
    case.close()


def test_a_name_that_leads_to_this_machine_is_not_connected_to(world, postman):
    case = Case(world, postman)
    # ip6-localhost stands in /etc/hosts of Debian and is the loopback under a name.
    allow(world, f"http://ip6-localhost:{case.receiver.port}")
    case.reload()
    answer = case.admin.ask("POST", "/webhooks",
                            {"url": f"http://ip6-localhost:{case.receiver.port}/"})
    assert answer.status == 201, answer.body
    other = answer.json["id"]
    case.admin.ask("POST", f"/webhooks/{other}/test")
    deliveries = lambda: case.admin.get(f"/webhooks/{other}/deliveries")["deliveries"]
    wait_until(lambda: deliveries()[0]["state"] == "failed", deliveries)
    error = deliveries()[0]["error"]
    assert "指向本机" in error or "resolve" in error, error
    assert case.admin.ask("DELETE", f"/webhooks/{other}").status == 204
    case.close()


def test_the_command_line_does_the_same(world, postman):
    case = Case(world, postman)
    listing = world.jinmu("webhooks", "list")
    assert case.id in listing and case.receiver.url in listing
    world.jinmu("webhooks", "test", case.id)
    case.receiver.await_count(1)
    case.await_log(lambda log: log[0]["state"] == "delivered")
    log = world.jinmu("webhooks", "log", case.id)
    assert "webhook.test" in log and "delivered" in log
    world.jinmu("webhooks", "replay", case.id, case.log()[0]["id"])
    case.receiver.await_count(2)
    made = world.jinmu("webhooks", "add", case.receiver.url + "/2")
    other = made.split()[0]
    assert "whsec_" in made
    world.jinmu("webhooks", "remove", other)
    assert other not in world.jinmu("webhooks", "list")
    world.jinmu("webhooks", "add", "http://evil.example/", expected=1)
    actions = [e["action"] for e in case.admin.get("/audit", action="webhook.")["entries"]]
    assert actions[:4] == ["webhook.remove", "webhook.add", "webhook.replay", "webhook.test"]
    case.close()


def test_operators_see_how_deliveries_are(world, postman):
    case = Case(world, postman)
    case.receiver.answer = lambda message: 200 if message.json["type"] == "webhook.test" else 500
    before = json.loads(world.jinmu("status", "--json"))["collector"]["deliveries"]
    case.submit(project("w14"))
    case.admin.ask("POST", f"/webhooks/{case.id}/test")
    case.await_log(lambda log: sorted((d["state"], d["attempt"]) for d in log) ==
                   [("delivered", 1), ("pending", 1)])
    now = json.loads(world.jinmu("status", "--json"))["collector"]["deliveries"]
    assert (now["webhooks"], now["waiting"], now["failing"]) == (1, 1, 1), now
    assert now["delivered"] == before["delivered"] + 1 and now["retries"] == before["retries"] + 1
    assert now["postman_silent_s"] < 30 and now["oldest_s"] < 60
    assert "webhooks   1 (0 disabled), waiting 1 (1 failed before)" in world.jinmu("status")
    for metrics in (world.jinmu("status", "--metrics"),
                    case.admin.ask("GET", "/metrics").body.decode()):
        lines = metrics.splitlines()
        assert "jinmu_webhook_deliveries_failing 1" in lines, metrics
        assert any(line.startswith("jinmu_postman_silent_seconds ") for line in lines)
        assert len(lines) == len(set(lines)), "a metric is there twice"
    assert case.admin.get("/system")["collector"]["deliveries"]["waiting"] == 1
    assert "[正常] 推送 1 个，正常，待送 1 条" in world.jinmu("doctor")
    for tries in range(2, 11):
        postman.advance(86400 + 8641)
        case.await_log(lambda log: any(d["attempt"] == tries for d in log))
    case.await_log(lambda log: {d["state"] for d in log} == {"failed", "delivered"})
    told = json.loads(world.jinmu("status", "--json"))["collector"]["deliveries"]
    assert (told["failed"], told["waiting"], told["given_up"]) == (1, 0, before["given_up"] + 1)
    assert "有 1 条推送送不到，已被放弃，待处理" in world.jinmu("doctor")
    assert "given up 1 (1 unresolved)" in world.jinmu("status")
    case.close()
    assert json.loads(world.jinmu("status", "--json"))["collector"]["deliveries"]["failed"] == 0


RECLASSIFY = ["reclassify.begun", "reclassify.stopped", "reclassify.finished"]
OLD = "晋财综〔2021〕63号"


def stop_a_run(world, receiver):
    """`jinmu reclassify`, slowed down, is told to end once it has begun."""
    before = len(receiver.messages)
    run = subprocess.Popen([os.path.join(BIN, "jinmu"), "reclassify", "--to", OLD, "--rate", "1"],
                           env=world.environment, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)
    receiver.await_count(before + 1)
    run.send_signal(signal.SIGINT)
    told = run.communicate(timeout=DEADLINE_S)[1]
    assert run.returncode == 2, told


def test_a_reclassification_is_told_to_who_wants_to_know(world, postman):
    case = Case(world, postman, events=RECLASSIFY)
    usual, ours = Case(world, postman), Case(world, postman, events=RECLASSIFY[:1],
                                             departments=["水利"])
    case.submit(*[project(f"r{n}") for n in range(3)])
    usual.receiver.await_count(3)
    world.jinmu("reclassify", "--to", OLD, "--department", "行政审批")
    case.receiver.await_count(2)
    begun, finished = case.receiver.messages
    assert [m.json["type"] for m in (begun, finished)] == RECLASSIFY[::2]
    assert begun.is_signed_by(case.secret) and finished.is_signed_by(case.secret)
    data = finished.json["data"]
    assert set(data) == {"event", "topic", "notice"} and data["topic"] == "reclassify." + OLD
    notice = data["notice"]
    assert notice["reclassify"] == "finished" and notice["department"] == "行政审批"
    assert notice["revision"] == OLD and notice["judged"] >= 3 and "same" in notice["moves"]
    assert finished.json["timestamp"] == notice["time"]
    case.await_log(lambda log: [d["state"] for d in log] == ["delivered"] * 2)
    assert {d["project"] for d in case.log()} == {data["topic"]}
    wait_until(lambda: usual.show()["pending"] == 0, usual.show)
    assert {m.json["type"] for m in usual.receiver.messages} == {"result.stored"}
    assert ours.receiver.messages == []  # of another department
    case.submit(*[project(f"rr{n}", department="示例市水利局") for n in range(600)])
    stop_a_run(world, case.receiver)
    case.receiver.await_count(4)
    assert [m.json["type"] for m in case.receiver.messages[2:]] == RECLASSIFY[:2]
    ours.receiver.await_count(1)  # one of all departments
    assert "department" not in ours.receiver.messages[0].json["data"]["notice"]
    for one in (case, usual, ours):
        one.close()


def test_the_event_stream_tells_of_a_reclassification(world, postman):
    del postman
    world.jinmu("reclassify", "--to", OLD, "--department", "行政审批")
    admin, sub = Client(world, token=world.token), Client(world, "sub")
    admin.ask("POST", "/projects", {"projects": [project("rs1")]}, {"Prefer": "wait=20"})
    last = admin.get("/results", limit=1)["last_event"]

    def events(client):
        """(type, data) of all events up to the last, which is a result that both may see."""
        connection = http.client.HTTPConnection("127.0.0.1", world.port, timeout=DEADLINE_S)
        headers = {"Cookie": client.cookie} if client.cookie else {
            "Authorization": "Bearer " + client.token}
        connection.request("GET", "/api/v1/events?since=0", headers=headers)
        response, read, fields = connection.getresponse(), [], {}
        while not read or read[-1][1]["number"] < last:
            name, _, value = response.readline().decode().rstrip("\n").partition(": ")
            fields[name] = value
            if name == "data":
                read.append((fields["event"], json.loads(value)))
        connection.close()
        return read

    told = [data for kind, data in events(admin) if kind == "reclassify"]
    assert told and all(set(data) == {"number", "type", "topic", "time", "notice"} for data in told)
    assert told[-1]["notice"]["reclassify"] == "finished" and told[-1]["topic"].endswith(OLD)
    assert [data["number"] for _, data in events(admin)] == list(range(1, last + 1))
    assert {kind for kind, _ in events(sub)} <= {"result", "review"}


def test_serve_starts_the_postman_and_stops_it(world, postman):
    case = Case(world, postman)
    postman.stop()
    assert world.stop() == 0
    world.start()
    case.submit(project("w13"))
    case.receiver.await_count(1)
    assert case.receiver.messages[0].is_signed_by(case.secret)
    case.await_log(lambda log: log and log[0]["state"] == "delivered")
    case.close()
    allow(world)
    assert world.stop() == 0
    world.start()
    postman.start()


def test_only_administrators_see_webhooks(world, postman):
    del postman
    for name in ("rev", "sub"):
        client = Client(world, name)
        assert client.ask("GET", "/webhooks").status == 403
        assert client.ask("POST", "/webhooks", {"url": "http://x.example/"}).status == 403


def main():
    world = World()
    allow(world)
    postman = Postman(world)

    def finish(failed):
        if failed:
            Case.origins.clear()
            print(world.logged()[-3000:])
    failed = cases.run(globals(), lambda: ((world, postman), finish))
    postman.stop()
    return 1 if world.close() or failed else 0


if __name__ == "__main__":
    sys.exit(main())
