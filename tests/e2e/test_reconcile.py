"""The Reconciliation Service API 0.2 as its clients call it (W3C Entity Reconciliation CG, final report):
a batch by form and by address, suggestions, previews, data extension, from pages of other sites."""
import http.client
import json
import re
import sys
import urllib.parse

from http_world import Client, World, run_cases

REVISION = "晋财综〔2025〕28号"
WHOLE = "晋财综〔2021〕63号"
ROOT = "/reconcile/" + urllib.parse.quote(REVISION)
ORIGIN = {"Origin": "http://127.0.0.1:3333"}  # where OpenRefine is


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)


def ask(world, method, path, form=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", world.port, timeout=90)
    sent = dict(ORIGIN, **(headers or {}))
    body = None
    if form is not None:
        body = urllib.parse.urlencode(form)
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    connection.request(method, path, body, sent)
    answer = Answer(connection.getresponse())
    connection.close()
    assert answer.headers["Access-Control-Allow-Origin"] == "*", (path, answer.status)
    return answer


def reconcile(world, revision=REVISION, **queries):
    path = "/reconcile/" + urllib.parse.quote(revision)
    answer = ask(world, "POST", path, {"queries": json.dumps(queries)})
    assert answer.status == 200, answer.body
    batch = answer.json
    assert set(batch) == set(queries)
    for one in batch.values():
        scores = [candidate["score"] for candidate in one["result"]]
        assert scores == sorted(scores, reverse=True) and all(0 <= s <= 100 for s in scores), one
        assert len({candidate["id"] for candidate in one["result"]}) == len(scores)
        assert not any(candidate["match"] for candidate in one["result"][1:])
        for candidate in one["result"]:
            assert {"id", "name", "description", "score", "match", "type"} == set(candidate)
            assert set(candidate["type"][0]) == {"id", "name"}
    return batch


def fill(template, **values):
    for name, value in values.items():
        template = template.replace("{{%s}}" % name, urllib.parse.quote(value))
        template = template.replace("${%s}" % name, urllib.parse.quote(value))
    return re.sub(r"^http://[^/]+", "", template)


def test_the_manifest_leads_to_all_that_it_names(world):
    manifest = ask(world, "GET", ROOT).json
    assert "0.2" in manifest["versions"] and manifest["batchSize"] == 50
    for member in ("name", "identifierSpace", "schemaSpace", "defaultTypes"):
        assert member in manifest
    item = reconcile(world, q={"query": "A160603"})["q"]["result"][0]["id"]
    for kind in ("entity", "property", "type"):
        service = manifest["suggest"][kind]
        found = ask(world, "GET", fill(service["service_url"] + service["service_path"]) + "?prefix=")
        assert found.json["result"], kind
        known = item if kind == "entity" else found.json["result"][0]["id"]
        flyout = ask(world, "GET", fill(service["flyout_service_url"] +
                                        service["flyout_service_path"], id=known)).json
        assert flyout["id"] == known and flyout["html"]
    for template in (manifest["view"]["url"], manifest["preview"]["url"]):
        page = ask(world, "GET", fill(template, id=item))
        assert page.status == 200 and "text/html" in page.headers["Content-Type"]
        assert "A160603" in page.body.decode()
        assert "frame-ancestors" not in page.headers["Content-Security-Policy"]
    propose = manifest["extend"]["propose_properties"]
    proposed = ask(world, "GET", fill(propose["service_url"] + propose["service_path"])).json
    assert {"code", "path", "parent"} <= {p["id"] for p in proposed["properties"]}


def test_a_code_gives_its_item_first(world):
    batch = reconcile(world, only={"query": "A160603"}, small={"query": "a160603"},
                      named={"query": "A160603 政务服务事项标准化服务"})
    for one in batch.values():
        first = one["result"][0]
        assert first["id"].endswith(":A160603") and first["score"] >= 99, one


def test_a_code_of_many_departments_matches_none_by_itself(world):
    batch = reconcile(world, WHOLE, many={"query": "A150201", "limit": 50})["many"]["result"]
    same = [candidate for candidate in batch if candidate["id"].endswith(":A150201")]
    assert len(same) > 5 and batch[:len(same)] == same
    assert not any(candidate["match"] for candidate in batch)
    one = same[3]
    typed = reconcile(world, WHOLE, q={"query": "A150201", "type": one["type"][0]["id"]})["q"]["result"]
    assert typed[0]["id"] == one["id"] and typed[0]["match"] and typed[0]["score"] == 100
    named = reconcile(world, WHOLE, q={"query": "A150201 " + one["name"]})["q"]["result"]
    assert named[0]["name"] == one["name"]


def test_an_official_name_matches_and_a_unit_s_words_find(world):
    batch = reconcile(world, name={"query": "政务服务事项标准化服务"},
                      words={"query": "政务服务标准化建设"}, none={"query": "购买一台办公用打印机"})
    first = batch["name"]["result"][0]
    assert first["name"] == "政务服务事项标准化服务" and first["match"]
    assert "政务服务事项标准化服务" in [c["name"] for c in batch["words"]["result"]]
    assert not any(c["match"] for c in batch["none"]["result"])


def test_a_match_is_what_the_engine_passes(world):
    texts = ["重点单位网络安全检查的技术支撑", "铁路沿线护路联防", "日常运行经费", "道路", "食堂",
             "网络安全应急演练", "老旧设备", "红蓝对抗演练", "宣传党的路线方针政策", "调研"]
    batch = reconcile(world, WHOLE, **{f"q{n}": {"query": text} for n, text in enumerate(texts)})
    client = Client(world, token=world.token)
    matches = 0
    for number, text in enumerate(texts):
        first = batch[f"q{number}"]["result"][0]
        judged = client.ask("POST", "/check", {"name": text, "catalog": WHOLE}).json
        assert first["match"] == (judged["decision"] == "auto"), (text, first, judged)
        if judged["candidates"]:
            assert abs(first["score"] - 100 * judged["candidates"][0]["score"]) < 0.01
        matches += first["match"]
    assert 0 < matches < len(texts)


def test_types_restrict_and_limit_is_kept(world):
    batch = reconcile(world, typed={"query": "标准化", "type": "行政审批", "limit": 3},
                      listed={"query": "标准化", "type": ["行政审批", "民政"], "type_strict": "any"},
                      property={"query": "标准化", "properties": [
                          {"pid": "department", "v": "晋城市行政审批服务管理局"},
                          {"pid": "unknown", "v": {"id": "x"}}]})
    assert 0 < len(batch["typed"]["result"]) <= 3
    assert {c["type"][0]["id"] for c in batch["typed"]["result"]} == {"行政审批"}
    assert {c["type"][0]["id"] for c in batch["listed"]["result"]} <= {"行政审批", "民政"}


def test_by_get_and_by_callback_too(world):
    queries = urllib.parse.quote(json.dumps({"q0": {"query": "A160603"}}))
    answer = ask(world, "GET", f"{ROOT}?queries={queries}")
    assert answer.json["q0"]["result"][0]["id"].endswith("A160603")
    script = ask(world, "GET", f"{ROOT}?callback=jQuery_1.x")
    assert script.headers["Content-Type"].startswith("application/javascript")
    assert script.body.startswith(b"/**/jQuery_1.x({") and script.body.endswith(b");")
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert ask(world, "GET", ROOT + "?callback=alert(1)//").status == 422


def test_too_many_queries_are_413_and_bad_ones_400(world):
    fifty = {f"q{n}": {"query": "标准化"} for n in range(50)}
    assert len(reconcile(world, **fifty)) == 50
    answer = ask(world, "POST", ROOT, {"queries": json.dumps(dict(fifty, more={"query": "x"}))})
    assert answer.status == 413, answer.body
    for bad in ("{", "[]", '{"q":{}}', '{"q":5}', '{"q":{"query":7}}', '"x"'):
        answer = ask(world, "POST", ROOT, {"queries": bad})
        assert answer.status == 400, (bad, answer.body)
    assert ask(world, "GET", "/reconcile/nirgends").status == 404
    assert ask(world, "GET", ROOT + "/preview?id=x").status == 404
    assert reconcile(world, empty={"query": ""})["empty"]["result"] == []
    assert ask(world, "POST", ROOT, {"queries": "{}"}).json == {}


def test_hostile_queries_break_nothing(world):
    texts = ["<script>alert(1)</script>", "' OR 1=1 --", "%", "_", "A" * 5000, "\u0000", "💥" * 50]
    reconcile(world, **{f"q{n}": {"query": t} for n, t in enumerate(texts) if "\u0000" not in t})
    page = ask(world, "GET", ROOT + "/flyout/property?id=" + urllib.parse.quote("<b onload=x>"))
    assert "<b" not in page.json["html"]


def test_suggestions_go_by_prefix_and_page(world):
    first = ask(world, "GET", ROOT + "/suggest/entity?prefix=" + urllib.parse.quote("服务")).json
    more = ask(world, "GET",
               ROOT + "/suggest/entity?cursor=20&prefix=" + urllib.parse.quote("服务")).json
    assert len(first["result"]) == 20 and more["result"]
    assert not {e["id"] for e in first["result"]} & {e["id"] for e in more["result"]}
    assert {"id", "name", "description", "notable"} == set(first["result"][0])
    types = ask(world, "GET", ROOT + "/suggest/type?prefix=" + urllib.parse.quote("行政")).json
    assert types["result"][0] == {"id": "行政审批", "name": "行政审批"}
    by_code = ask(world, "GET", ROOT + "/suggest/entity?prefix=A160603").json["result"]
    assert by_code[0]["id"].endswith(":A160603")


def test_items_are_extended(world):
    found = reconcile(world, q={"query": "政务服务事项标准化服务"})["q"]["result"][0]["id"]
    wish = {"ids": [found, "unbekannt:X1"],
            "properties": [{"id": name} for name in ("code", "level", "path", "parent", "label")]}
    answer = ask(world, "POST", ROOT, {"extend": json.dumps(wish)}).json
    assert [m["id"] for m in answer["meta"]] == ["code", "level", "path", "parent", "label"]
    row = answer["rows"][found]
    assert row["code"] == [{"str": "A160603"}] and row["level"] == [{"int": 4}]
    assert set(row["parent"][0]) == {"id", "name"} and row["parent"][0]["id"].endswith(":A1606")
    assert all(cells == [] for cells in answer["rows"]["unbekannt:X1"].values())


def test_a_preflight_is_answered(world):
    answer = ask(world, "OPTIONS", ROOT, headers={"Access-Control-Request-Method": "POST"})
    assert answer.status == 204 and "POST" in answer.headers["Access-Control-Allow-Methods"]


def test_nothing_else_is_open_to_other_sites(world):
    connection = http.client.HTTPConnection("127.0.0.1", world.port, timeout=90)
    connection.request("GET", "/api/v1/livez", headers=ORIGIN)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.headers["Access-Control-Allow-Origin"] is None


def main():
    world = World()
    return run_cases(globals(), world, world)


if __name__ == "__main__":
    sys.exit(main())
