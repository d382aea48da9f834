"""What strangers and the curious try on the HTTP service."""
import http.client
import json
import socket
import sys
import threading
import time
import urllib.parse

from http_world import Client, OPENAPI, OTHER_UNIT, UNIT, World, project, run_cases

HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; DROP TABLE result;--",
           "{{7*7}}${7*7}", "=cmd|' /C calc'!A0", "../../etc/passwd", "\u202egnp.exe", "%s%n%x",
           "a\u0000b".replace("\u0000", ""), "𠮷野家🏛️", "\\u0000\\\"", "1 OR 1=1"]


def submit(client, *projects):
    answer = client.ask("POST", "/projects", {"projects": list(projects)}, {"Prefer": "wait=20"})
    assert answer.status == 200 and answer.json["state"] == "done", answer.body
    return answer.json


def operations():
    for path, methods in OPENAPI["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def concrete(path):
    parts = {"receipt": "0" * 32, "id": "P-1", "number": "1", "name": "admin", "uuid": "0" * 32,
             "revision": "current", "department": "x", "code": "A160603", "delivery": "1"}
    for name, value in parts.items():
        path = path.replace("{%s}" % name, value)
    return path



def test_nobody_gets_in_without_a_session_or_token(world):
    for client in (Client(world), Client(world, token="jm_" + "A" * 43), Client(world, token="")):
        for method, path, operation in operations():
            if operation["security"] == []:
                continue
            answer = client.ask(method, concrete(path), valid=False)
            assert answer.status in (401, 404), (method, path, answer.status)
            if answer.status == 404:  # not served, and so for everybody
                token = Client(world, token=world.token)
                assert token.ask(method, concrete(path), valid=False).json["code"] == "not_found", path
    forged = Client(world)
    forged.cookie, forged.csrf = "jinmu_session=" + "A" * 43, "x"
    assert forged.ask("GET", "/results").status == 401


def test_each_role_does_only_what_it_may(world):
    allowed = {"sub": "submitter", "rev": "reviewer", "admin": "admin"}
    for name, role in allowed.items():
        client = Client(world, name)
        for method, path, operation in operations():
            if (operation["security"] == [] or "Roles: any" in operation["description"]
                    or path == "/events"):  # which never ends
                continue
            answer = client.ask(method, concrete(path), {} if method != "GET" else None, valid=False)
            roles = operation["description"].split("Roles: ")[1]
            if answer.status == 404 and answer.json["code"] == "not_found":
                continue
            forbidden = answer.status == 403 and answer.json["code"] == "auth.forbidden"
            assert forbidden == (role not in roles), (name, method, path, answer.body[:200])


def test_a_submitter_sees_and_sends_its_own_units_projects_alone(world):
    sub, lib, rev = Client(world, "sub"), Client(world, "lib"), Client(world, "rev")
    receipt = submit(sub, project(1))
    number = rev.get("/projects/P-1")["results"][0]["number"]
    for path in ("/projects/P-1", "/projects/P-1/history", f"/results/{number}",
                 "/receipts/" + receipt["receipt"]):
        assert lib.ask("GET", path).status == 404, path
        assert sub.ask("GET", path).status == 200, path
    assert lib.get("/results", limit=500)["results"] == []
    assert lib.get("/results", unit=UNIT)["results"] == []
    assert lib.get("/results", q="标准化")["results"] == []
    assert lib.get("/stats", by="unit")["rows"] == []
    for wish in (project(2), project(3, unit=None), {"name": "没有单位"},
                 {"projects": [project(4, unit=OTHER_UNIT), project(5)]}):
        answer = lib.ask("POST", "/projects", wish)
        assert answer.status == 403 and answer.json["code"] == "project.other_unit", answer.body
    # The same id in another unit is another project.
    submit(lib, project(1, unit=OTHER_UNIT, name="古籍修复"))
    assert lib.get("/projects/P-1")["project"]["name"] == "古籍修复"
    assert "标准化" in sub.get("/projects/P-1")["project"]["name"]
    assert not [r for r in sub.get("/results")["results"] if r["superseded"]]


def test_another_site_changes_nothing_with_a_visitors_cookie(world):
    rev = Client(world, "rev")
    submit(rev, project(10))
    number = rev.get("/projects/P-10")["results"][0]["number"]
    path = f"/results/{number}/reviews"
    for headers in ({"X-CSRF-Token": None}, {"X-CSRF-Token": "guess"},
                    {"Origin": "https://evil.example"}, {"Origin": "null"}):
        answer = rev.ask("POST", path, {"decision": "accept", "version": 0}, headers)
        assert answer.status == 403 and answer.json["code"] == "auth.csrf", headers
    assert rev.ask("POST", "/session", {"name": "rev", "password": "x"},
                   {"Origin": "https://evil.example"}).status == 403
    form = rev.ask("POST", path, raw=b"decision=accept&version=0",
                   headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert form.status == 415
    fine = rev.ask("POST", path, {"decision": "accept", "version": 0},
                   {"Origin": f"http://127.0.0.1:{world.port}"})
    assert fine.status == 201
    cookie = Client(world).ask("POST", "/session", {"name": "rev", "password": "correct horse 2"})
    assert "HttpOnly" in cookie.headers["Set-Cookie"]
    assert "SameSite=Strict" in cookie.headers["Set-Cookie"]


def test_hostile_texts_stay_texts(world):
    rev, admin = Client(world, "rev"), Client(world, "admin")
    projects = [project(f"h{n}", name=text, description=text, unit=text, department=text, basis=text)
                for n, text in enumerate(HOSTILE)]
    submit(rev, *projects)
    for n, text in enumerate(HOSTILE):
        view = rev.get(f"/projects/P-h{n}")
        assert view["project"]["name"] == text == view["project"]["description"]
        rows = rev.get("/results", q=text, limit=500)["results"]
        assert f"P-h{n}" in [row["project"] for row in rows], text
        assert rev.get("/results", unit=text)["results"][0]["unit"] == text
        for parameter in ("department", "decision", "state", "finding", "catalog", "code", "kind"):
            rev.ask("GET", "/results?" + urllib.parse.urlencode({parameter: text}))
        rev.ask("GET", "/catalog/search?" + urllib.parse.urlencode({"q": text}))
        rev.ask("GET", "/catalog/" + urllib.parse.quote(text, safe="") + "/tree")
        rev.ask("GET", "/projects/" + urllib.parse.quote(text, safe=""))
        admin.ask("GET", "/audit?" + urllib.parse.urlencode({"who": text}))
        admin.ask("GET", "/users/" + urllib.parse.quote(text, safe=""))
    number = rev.get("/projects/P-h0")["results"][0]["number"]
    answer = rev.ask("POST", f"/results/{number}/reviews",
                     {"decision": "reject", "reason": HOSTILE[0], "version": 0})
    assert answer.json["reviews"][0]["reason"] == HOSTILE[0]
    csv = rev.ask("GET", "/results.csv?" + urllib.parse.urlencode({"q": "calc"})).body.decode("utf-8")
    assert "\"'=cmd" in csv
    for path in ("/results", "/projects/P-h0", f"/results/{number}"):
        answer = rev.ask("GET", path)
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    # The tables are there still.
    assert rev.get("/stats", by="decision")["total"]["results"] >= len(HOSTILE)


def raw_request(world, request, wait_s=60):
    with socket.create_connection(("127.0.0.1", world.port), timeout=wait_s) as connection:
        connection.sendall(request)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except TimeoutError:
            pass
        except ConnectionResetError:
            pass
    return answer


def test_no_path_leads_out_of_the_pages_folder(world):
    for path in ("/../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fMakefile",
                 "/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "//etc/passwd", "/./../main.c", "/page/../main.c",
                 "/.git/config", "/package.json", "/node_modules/", "/%00", "/a%00.js",
                 "/%ff%fe", "/openapi.json/../accounts.sql", "/..\\..\\main.c"):
        answer = raw_request(world, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                             .encode())
        status = int(answer.split()[1])
        assert status in (400, 404) or b"<!doctype html" in answer.lower(), (path, answer[:300])
        assert b"root:" not in answer and b"#include" not in answer and b"CREATE" not in answer, path
    assert b" 400 " in raw_request(world, b"GET http://x/y HTTP/1.1\r\nHost: x\r\n"
                                   b"Connection: close\r\n\r\n").split(b"\r\n")[0]


def test_huge_and_deep_bodies_cost_their_sender_alone(world):
    rev = Client(world, "rev")
    headers = {"Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", world.port, timeout=60)
    connection.putrequest("POST", "/api/v1/projects")
    for name, value in (("Cookie", rev.cookie), ("X-CSRF-Token", rev.csrf), ("Content-Length", "9000000"),
                        ("Content-Type", "application/json")):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413, answer.status
    connection.close()
    # Without credentials not a byte of it is read.
    stranger = http.client.HTTPConnection("127.0.0.1", world.port, timeout=60)
    stranger.putrequest("POST", "/api/v1/projects")
    stranger.putheader("Content-Length", "8000000")
    stranger.endheaders()
    assert stranger.getresponse().status == 401
    stranger.close()
    for bomb in (b"[" * 100000, b'{"a":' * 50000, b'{"projects":' * 3000, b'{"name":"' + b"x" * 2000000,
                 b"\xff\xfe", b"", b"null", b"[]", b'{"name":1e999}', b'{"projects":{}}'):
        answer = rev.ask("POST", "/projects", raw=bomb, headers=headers)
        assert answer.status in (400, 403, 422), (bomb[:30], answer.status, answer.body[:200])
    chunked = raw_request(world, (
        "POST /api/v1/projects HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        f"Cookie: {rev.cookie}\r\nX-CSRF-Token: {rev.csrf}\r\nContent-Type: application/json\r\n\r\n"
    ).encode() + b"100000\r\n" + b" " * 0x100000 + b"\r\n" + (b"100000\r\n" + b" " * 0x100000 + b"\r\n") * 9)
    assert b"202" not in chunked[:20]
    assert b" 431 " in raw_request(world, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 60000 +
                                   b"\r\n\r\n")[:40]
    assert rev.get("/results", limit=1)
    assert rev.ask("POST", "/projects", project(20)).status in (200, 202)


def test_guessing_passwords_is_slowed_down(world):
    stranger = Client(world, source=("127.0.0.9", 0))
    answers = [stranger.ask("POST", "/session", {"name": "rev2", "password": "guess"})
               for _ in range(7)]
    assert [a.status for a in answers[:5]] == [401] * 5 and answers[-1].status == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1
    unknown = stranger.ask("POST", "/session", {"name": "nobody-here", "password": "guess"})
    assert unknown.status == 401 and unknown.json["detail"] == answers[0].json["detail"]
    refused = Client(world, "admin").get("/audit", action="session.refused")["entries"]
    assert refused[0]["from"] == "127.0.0.9"


def seconds_of_an_answer(world):
    began = time.monotonic()
    assert Client(world).ask("GET", "/livez").status == 200
    assert Client(world, "rev").get("/results", limit=1)
    return time.monotonic() - began


def test_slow_connections_do_not_keep_others_out(world):
    alone = seconds_of_an_answer(world)
    slow = []
    stop = threading.Event()

    def drip():
        while not stop.wait(1):
            for connection in slow:
                try:
                    connection.sendall(b"x")
                except OSError:
                    pass
    for n in range(2000):
        connection = socket.socket()
        connection.settimeout(5)
        try:
            connection.bind((f"127.0.1.{n % 8 + 1}", 0))
            connection.connect(("127.0.0.1", world.port))
            connection.sendall(b"GET /api/v1/results HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            slow.append(connection)
        except OSError:
            connection.close()
    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        beside = seconds_of_an_answer(world)
        assert beside < 10 * alone + 3, (alone, beside)
        deadline = time.monotonic() + 90  # headers must be there within 10 s
        while True:
            metrics = Client(world).ask("GET", "/metrics").body.decode()
            left = int(metrics.split("\njinmu_http_connections ")[1].split()[0])
            if left < 20:
                break
            assert time.monotonic() < deadline, left
            time.sleep(0.2)
    finally:
        stop.set()
        dripping.join()
        for connection in slow:
            connection.close()


def main():
    world = World()
    return run_cases(globals(), world, world)


if __name__ == "__main__":
    sys.exit(main())
