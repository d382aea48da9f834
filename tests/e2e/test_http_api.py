"""The HTTP API as its users call it; every answer is held against the OpenAPI document."""
import http.client
import json
import sys
import threading
import time
import urllib.parse

from http_world import Client, OTHER_UNIT, UNIT, World, await_ready, await_results, project, run_cases


def submit(client, *projects):
    body = projects[0] if len(projects) == 1 else {"projects": list(projects)}
    answer = client.ask("POST", "/projects", body, {"Prefer": "wait=20"})
    assert answer.status == 200, answer.body
    assert answer.json["state"] == "done", answer.json
    return answer.json


def result_of(client, number):
    return client.get("/projects/P-" + str(number))["results"][0]


def test_a_project_is_submitted_judged_reviewed_and_audited(world):
    sub, rev, admin = Client(world, "sub"), Client(world, "rev"), Client(world, "admin")
    receipt = submit(sub, project(1))
    assert receipt["results"][0]["id"] == "P-1"
    stored = result_of(rev, 1)
    assert stored["version"] == 0 and stored["state"] == "open"
    answer = rev.ask("POST", f"/results/{stored['number']}/reviews",
                     {"decision": "correct", "department": "行政审批", "code": "A160603",
                      "reason": "名称即标准化"}, {"If-Match": '"v0"'})
    assert answer.status == 201, answer.body
    assert answer.json["state"] == "corrected" and answer.json["version"] == 1
    assert answer.json["reviews"][0]["name"] == "政务服务事项标准化服务"
    history = rev.get("/projects/P-1/history")["entries"]
    assert [entry["what"] for entry in history] == ["reviewed", "judged"]
    assert history[0]["who"] == "rev" and history[0]["code"] == "A160603"
    entries = admin.get("/audit", action="review.")["entries"]
    assert entries[0]["who"] == "rev" and entries[0]["from"] == "127.0.0.1"


def test_a_batch_keeps_the_good_when_one_is_bad(world):
    sub = Client(world, "sub")
    receipt = submit(sub, project(10), dict(project(11), name=""), project(12))
    assert "error" in receipt["results"][1] and "decision" in receipt["results"][2]
    assert receipt["ids"] == ["P-10", "P-11", "P-12"]
    again = sub.get("/receipts/" + receipt["receipt"])
    assert again["state"] == "done" and again["count"] == 3


def test_an_idempotency_key_gives_the_same_receipt_and_refuses_another_body(world):
    sub = Client(world, "sub")
    key = {"Idempotency-Key": "k-1"}
    first = sub.ask("POST", "/projects", project(20), key)
    assert first.status in (200, 202) and first.headers["Location"].endswith(first.json["receipt"])
    again = sub.ask("POST", "/projects", project(20), key)
    assert again.json["receipt"] == first.json["receipt"]
    assert again.headers["Idempotency-Replayed"] == "true"
    other = sub.ask("POST", "/projects", project(21), key)
    assert other.status == 422 and other.json["code"] == "idempotency.other_body"
    someone = Client(world, "lib").ask("POST", "/projects", project(22, unit=OTHER_UNIT), key)
    assert someone.status in (200, 202) and someone.json["receipt"] != first.json["receipt"]


def test_two_reviewers_do_not_overwrite_each_other(world):
    one, two = Client(world, "rev"), Client(world, "rev2")
    submit(one, project(30))
    number = result_of(one, 30)["number"]
    path, etag = f"/results/{number}/reviews", {"If-Match": '"v0"'}
    assert one.ask("POST", path, {"decision": "accept"}, etag).status == 201
    late = two.ask("POST", path, {"decision": "reject", "kind": "goods"}, etag)
    assert late.status == 412 and late.json["current"]["reviews"][0]["reviewer"] == "rev"
    assert two.ask("POST", path, {"decision": "accept"}).status == 428
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(
        one.ask("POST", path, {"decision": "accept"}, {"If-Match": '"v1"'}).status))
        for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [412] * 7, answers


def test_a_review_must_name_an_item_of_the_catalog(world):
    rev = Client(world, "rev")
    submit(rev, project(35))
    path = f"/results/{result_of(rev, 35)['number']}/reviews"
    for wish, code in (({"decision": "correct", "code": "A999999"}, "review.no_item"),
                       ({"decision": "correct"}, "review.no_answer"),
                       ({"decision": "later"}, "review.bad_decision"),
                       ({"decision": "correct", "code": "A1606"}, "review.bad_code")):
        answer = rev.ask("POST", path, wish, {"If-Match": '"v0"'})
        assert answer.status == 422 and answer.json["code"] == code, answer.body


def test_a_review_is_remembered_for_projects_like_it(world):
    rev = Client(world, "rev")
    submit(rev, project(36, name="古籍数字化扫描加工三十六"))
    number = result_of(rev, 36)["number"]
    rev.ask("POST", f"/results/{number}/reviews", {"decision": "reject", "kind": "goods"},
            {"If-Match": '"v0"'})
    for _ in range(200):
        if "P-36" in world.jinmu("reviews", "list"):
            submit(rev, project(37, name="古籍数字化扫描加工三十七"))
            alike = rev.get("/projects/P-37/similar")["projects"]
            assert alike[0]["project"] == "P-36" and alike[0]["decision"] == "reject", alike
            assert Client(world, "sub").get("/projects/P-37/similar", 403)
            return
        threading.Event().wait(0.05)
    raise AssertionError(world.jinmu("reviews", "list"))


def test_many_are_reviewed_at_once_each_with_its_outcome(world):
    rev = Client(world, "rev")
    submit(rev, *[project(n) for n in range(40, 44)])
    numbers = [result_of(rev, n)["number"] for n in range(40, 44)]
    rev.ask("POST", f"/results/{numbers[1]}/reviews", {"decision": "accept"}, {"If-Match": '"v0"'})
    wishes = [{"result": n, "version": 0, "decision": "accept"} for n in numbers]
    wishes.append({"result": 999999, "version": 0, "decision": "accept"})
    answer = rev.ask("POST", "/reviews", {"reviews": wishes})
    assert answer.status == 200 and answer.json["stored"] == 3, answer.body
    assert [o["status"] for o in answer.json["outcomes"]] == [
        "stored", "conflict", "stored", "stored", "unknown"]


def test_results_are_filtered_and_paged_without_loss_or_repetition(world):
    rev = Client(world, "rev")
    submit(rev, *[project(n, name=f"翻页甲{n}") for n in range(100, 140)])
    seen, cursor = [], {}
    while True:
        page = rev.get("/results", limit=7, q="翻页甲", **cursor)
        seen += [row["project"] for row in page["results"]]
        if not page["next"]:
            break
        cursor = {"cursor": page["next"]}
    assert len(seen) == 40 and len(set(seen)) == 40, len(seen)
    by_confidence = rev.get("/results", order="confidence", limit=500)["results"]
    values = [row["confidence"] for row in by_confidence]
    assert values == sorted(values)
    first = next(row for row in by_confidence if row["department"])
    for name in ("department", "decision", "unit", "catalog", "state", "kind"):
        rows = rev.get("/results", limit=500, **{name: first[name]})["results"]
        assert rows and all(row[name] == first[name] for row in rows), name
    assert rev.get("/results", unit="没有这个单位")["results"] == []
    assert all(row["findings"] for row in rev.get("/results", finding="amount.")["results"])
    assert rev.get("/results", 422, **{"from": "yesterday"}).json["code"] == "question.bad"
    assert rev.get("/results", 422, limit="many").json["code"] == "query.bad_number"
    csv = rev.ask("GET", "/results.csv?q=" + urllib.parse.quote("翻页甲"))
    assert csv.body.startswith(b"\xef\xbb\xbf") and csv.body.count(b"\r\n") == 41


def test_a_newer_result_of_a_project_takes_the_place_of_the_older(world):
    rev = Client(world, "rev")
    submit(rev, project(150))
    submit(rev, project(150, description="改过的内容：编制政务服务标准。"))
    view = rev.get("/projects/P-150")
    assert view["submissions"] == 2 and [r["superseded"] for r in view["results"]] == [False, True]
    rows = [row for row in rev.get("/results", limit=500)["results"] if row["project"] == "P-150"]
    assert len(rows) == 1


def test_statistics_add_up(world):
    rev = Client(world, "rev")
    results = await_results(rev, 1)
    for by in ("department", "month", "decision", "state", "kind", "unit", "catalog", "code",
               "day", "reviewer", "department,month"):
        stats = rev.get("/stats", by=by)
        assert sum(row["results"] for row in stats["rows"]) == stats["total"]["results"], by
    assert stats["total"]["results"] == len(rev.get("/results", limit=500)["results"]) >= len(results)
    rules = rev.get("/stats", by="rule")["rows"]
    assert rules and all(row["findings"] >= row["results"] > 0 for row in rules)
    assert rev.get("/stats", 422, by="colour").json["code"] == "question.bad"


def open_events(client, last):
    connection = http.client.HTTPConnection("127.0.0.1", client.world.port, timeout=90)
    headers = {"Cookie": client.cookie}
    if last is not None:
        headers["Last-Event-ID"] = str(last)
    connection.request("GET", "/api/v1/events", headers=headers)
    response = connection.getresponse()
    assert response.status == 200 and "event-stream" in response.headers["Content-Type"]
    return connection, response


def read_events(client, count, last=None):
    connection, response = open_events(client, last)
    numbers = []
    while len(numbers) < count:
        line = response.readline().decode()
        if line.startswith("id: "):
            numbers.append(int(line[4:]))
    connection.close()
    return numbers


def test_the_event_stream_goes_on_where_it_was_left(world):
    rev = Client(world, "rev")
    last = rev.get("/results", limit=1)["last_event"]
    everything = read_events(rev, last, 0)
    assert everything == list(range(1, last + 1)), everything[:5]
    got = []
    reader = threading.Thread(target=lambda: got.extend(read_events(rev, 3, everything[-1])))
    reader.start()
    submit(rev, *[project(n) for n in range(160, 163)])
    reader.join(20)
    assert got == [everything[-1] + n for n in (1, 2, 3)], got
    assert read_events(rev, 1, got[1]) == [got[2]]


def read_event(response):
    fields = {}
    while "data" not in fields:
        name, _, value = response.readline().decode().rstrip("\n").partition(": ")
        fields[name] = value
    return fields["event"], int(fields["id"]), json.loads(fields["data"])


def test_who_has_seen_an_event_that_is_not_there_is_told_and_then_misses_none(world):
    rev = Client(world, "rev")
    last = rev.get("/results", limit=1)["last_event"]
    connection, response = open_events(rev, last + 1000)
    assert read_event(response) == ("reset", last, {"since": last + 1000, "last": last})
    submit(rev, project(170))
    assert [read_event(response)[:2]] == [("result", last + 1)]
    connection.close()


def test_the_catalog_is_shown_searched_and_compared(world):
    rev = Client(world, "rev")
    revisions = rev.get("/catalog/revisions")["revisions"]
    current = next(r for r in revisions if r["in_force"])
    number = urllib.parse.quote(current["number"])
    tree = rev.get(f"/catalog/{number}/tree", department="行政审批")["departments"]
    assert len(tree) == 1 and tree[0]["leaves"] > 0
    items = rev.get("/catalog/current/items", level=4, department="行政审批")["items"]
    assert len(items) == tree[0]["leaves"]
    item = rev.get(f"/catalog/{number}/items/" + urllib.parse.quote("行政审批") + "/A160603")
    assert item["path"][-1] == item["name"] and item["siblings"]
    found = rev.get("/catalog/search", q="标准化", leaf="true")["items"]
    assert found and all(one["leaf"] for one in found)
    assert rev.get("/catalog/search", q="A160603", department="行政审批")["items"][0]["rank"] == 0
    other = next(r for r in revisions if not r["in_force"] and r["leaves"])
    changes = rev.get(f"/catalog/{number}/changes", **{"from": other["number"]})
    assert changes["to"] == current["number"]
    told = json.loads(world.jinmu("catalog", "diff", other["number"], current["number"], "--json"))
    links = [link for link in told["links"] if link["relation"] not in ("unseen",)
             and (link["relation"] != "exact" or link["changes"])]
    assert len(changes["changes"]) == len(links), (len(changes["changes"]), len(links))
    assert rev.get("/catalog/rules")["rules"]
    assert rev.get("/catalog/current/usage")["items"]
    assert rev.get("/catalog/nothing/tree", 404).json["code"] == "catalog.unknown_revision"
    answer = rev.ask("GET", "/catalog/current/tree")
    again = rev.ask("GET", "/catalog/current/tree", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304 and again.body == b""


def stamps_of(client, other):
    """Of each answer out of the catalog, its ETag; one that the client has is not sent again."""
    stamps = []
    for path in ("/catalog/revisions", "/catalog/current/items?level=1", "/catalog/current/tree",
                 "/catalog/search?q=A160603", "/catalog/current/changes?from=" + other,
                 f"//catalog/{other}.ttl"):
        stamp = client.ask("GET", path, valid=False).headers["ETag"]
        again = client.ask("GET", path, headers={"If-None-Match": stamp}, valid=False)
        assert (again.status, again.headers["ETag"]) == (304, stamp), path
        stamps.append(stamp)
    return stamps


def test_catalog_answers_keep_their_etag_while_projects_are_reviewed(world):
    sub, rev = Client(world, "sub"), Client(world, "rev")
    revisions = rev.get("/catalog/revisions")["revisions"]
    current, other = (next(r["number"] for r in revisions if r["in_force"] == wanted and r["departments"] > 1)
                      for wanted in (True, False))
    before = stamps_of(rev, urllib.parse.quote(other))
    submit(sub, project(39))
    rev.ask("POST", f"/results/{result_of(rev, 39)['number']}/reviews",
            {"decision": "reject", "kind": "goods"}, {"If-Match": '"v0"'})
    deadline = time.monotonic() + 60
    while "P-39" not in world.jinmu("reviews", "list"):  # it is in catalog.db then
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert stamps_of(rev, urllib.parse.quote(other)) == before
    for number in (other, current):
        world.jinmu("catalog", "use", number, "--by", "王")
        assert not set(stamps_of(rev, urllib.parse.quote(other))) & set(before)
        await_ready(rev)


def test_checking_and_reading_documents_store_nothing(world):
    sub, rev = Client(world, "sub"), Client(world, "rev")
    before = rev.get("/results", limit=1)["last_event"]
    checked = sub.ask("POST", "/check", project(900))
    if checked.status == 503:
        await_ready(rev)
        checked = sub.ask("POST", "/check", project(900))
    assert checked.status == 200 and checked.json["candidates"]
    assert "error" in sub.ask("POST", "/check", {"description": "没有名称"}).json
    text = ("示例市图书馆2026年单位预算公开\n项目支出绩效目标表\n项目名称：古籍修复\n"
            "预算单位：示例市图书馆\n年度资金总额：20万元\n项目概况：修复馆藏古籍。\n")
    read = sub.ask("POST", "/documents?name=a.txt", raw=text.encode(),
                   headers={"Content-Type": "text/plain"})
    assert read.status in (200, 422), read.body
    assert rev.get("/results", limit=1)["last_event"] == before


def test_users_and_tokens_are_kept_by_an_admin(world):
    admin = Client(world, "admin")
    wish = {"name": "new.one", "role": "submitter", "units": [UNIT], "password": "long enough 1"}
    assert admin.ask("POST", "/users", wish).status == 201
    assert admin.ask("POST", "/users", wish).status == 409
    assert admin.ask("POST", "/users", dict(wish, name="x y")).status == 422
    assert admin.ask("POST", "/users", dict(wish, name="two", password="short")).status == 422
    assert admin.ask("PATCH", "/users/new.one", {"disabled": True}).json["disabled"]
    refused = Client(world).ask("POST", "/session", {"name": "new.one", "password": "long enough 1"})
    assert refused.status == 401
    assert admin.ask("PATCH", "/users/admin", {"disabled": True}).json["code"] == "user.last_admin"
    token = admin.ask("POST", "/tokens", {"name": "oa", "role": "reviewer", "expires_days": 30}).json
    program = Client(world, token=token["token"])
    assert program.get("/results")["results"]
    assert admin.ask("DELETE", "/tokens/" + token["id"]).status == 204
    assert program.get("/results", 401).json["code"] == "auth.required"
    assert all("token" not in one for one in admin.get("/tokens")["tokens"])
    assert any(one["name"] == "new.one" for one in admin.get("/users")["users"])


def test_operators_see_how_the_services_are(world):
    admin = Client(world, "admin")
    await_ready(admin)
    assert admin.get("/system")["ready"] is True
    assert admin.get("/dead-letters")["jobs"] == []
    assert admin.get("/dead-letters/" + "0" * 32, 404).json["code"] == "dead.unknown"
    nobody = Client(world)
    assert nobody.ask("GET", "/livez").body == b"alive\n"
    assert nobody.get("/readyz") == {"ready": True, "missing": []}
    metrics = nobody.ask("GET", "/metrics").body.decode()
    assert "jinmu_http_requests_total" in metrics and "jinmu_ready 1" in metrics
    assert nobody.get("/openapi.json")["openapi"].startswith("3.1")


def test_everything_stays_after_a_restart(world):
    rev = Client(world, "rev")
    before = rev.get("/results", limit=500)["results"]
    assert world.stop() == 0
    world.start()
    after = rev.get("/results", limit=500)["results"]
    assert [r["number"] for r in before] == [r["number"] for r in after]


def main():
    world = World()
    return run_cases(globals(), world, world)


if __name__ == "__main__":
    sys.exit(main())
