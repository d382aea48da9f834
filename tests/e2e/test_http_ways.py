"""Ways to the HTTP service that are not everyday: its manual, TLS, PDF, readers that do not read, many
that are slow; and one project's way from submission to the audit log."""
import http.client
import json
import os
import re
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import time
import warnings

import cases
from http_world import BIN, Client, World, free_port, project, run_cases

SLOW = 10000


def test_a_project_s_way_from_submission_to_the_audit_log(world):
    sub, rev, admin = Client(world, "sub"), Client(world, "rev"), Client(world, "admin")
    answer = sub.ask("POST", "/projects", project(1), {"Prefer": "wait=20"})
    assert answer.status == 200 and answer.json["state"] == "done"
    stored = rev.get("/projects/P-1")["results"][0]
    answer = rev.ask("POST", f"/results/{stored['number']}/reviews",
                     {"decision": "accept", "reason": "材料齐全"}, {"If-Match": '"v0"'})
    assert answer.status == 201 or answer.status == 200, answer.body
    entries = admin.get("/audit", action="review.", limit=10)["entries"]
    entry = next(e for e in entries if str(stored["number"]) in e["object"])
    assert entry["who"] == "rev" and entry["role"] == "reviewer", entry
    assert entry["from"] == "127.0.0.1" and re.match(r"\d{4}-\d\d-\d\dT", entry["time"]), entry
    entries = rev.get("/projects/P-1/history")["entries"]
    assert "rev" in json.dumps(entries[0]) and len(entries) >= 2, entries


def test_reviews_are_remembered_while_more_come_in(world):
    sub, rev = Client(world, "sub"), Client(world, "rev")
    batch = [project(100 + i, name=f"灯{chr(0x4e00 + 97 * i)}会服务") for i in range(12)]
    assert sub.ask("POST", "/projects", {"projects": batch}, {"Prefer": "wait=20"}).status == 200
    for i in range(12):
        number = rev.get(f"/projects/P-{100 + i}")["results"][0]["number"]
        rev.ask("POST", f"/results/{number}/reviews", {"decision": "reject", "kind": "goods"},
                {"If-Match": '"v0"'})
        time.sleep(0.2)
    assert "P-100" in world.jinmu("reviews", "list")


def test_the_manual_names_every_operation_and_runs_no_script(world):
    client = Client(world)
    answer = client.ask("GET", "/api/v1/", valid=False)
    page = answer.body.decode()
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/html")
    document = client.get("/openapi.json")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}<" in page, path
            assert f'id="{operation["operationId"]}"' in page
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page
    assert "<script" not in page and 'src="http' not in page and 'href="http' not in page
    for place in set(re.findall(r'href="#([^"]+)"', page)):
        assert f'id="{place}"' in page, place
    for style in re.findall(r'href="(/[^"]+\.css)"', page):
        assert client.ask("GET", "/" + style, valid=False).status == 200, style


def test_the_type_of_a_problem_leads_to_a_page(world):
    client = Client(world)
    problem = client.ask("GET", "/results").json
    answer = client.ask("GET", "/" + problem["type"], valid=False)
    assert answer.status == 200 and problem["code"] in answer.body.decode(), answer.body
    answer = client.ask("GET", "//problems/nothing.such", valid=False)
    assert answer.status == 404
    answer = client.ask("GET", "//problems/input.%3Cscript%3E", valid=False)
    assert b"<script>" not in answer.body


def pdf(text):
    """A PDF of one line of text in a font that every reader has."""
    stream = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode()
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
               b"/Resources<</Font<</F1 5 0 R>>>>>>",
               b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
               b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%sendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table, len(out))


def test_a_pdf_is_read_and_a_broken_one_is_the_sender_s_problem(world):
    sub = Client(world, "sub")
    kind = {"Content-Type": "application/pdf"}
    answer = sub.ask("POST", "/documents?name=a.pdf", raw=pdf("Budget 2026"), headers=kind)
    if shutil.which("pdftotext"):
        assert answer.status in (200, 422) and answer.json.get("code") != "document.no_pdftotext"
    broken = sub.ask("POST", "/documents?name=b.pdf", raw=b"%PDF-1.4\nnothing", headers=kind)
    assert broken.status == 422 and broken.json["code"].startswith("document."), broken.body
    assert sub.get("/results", limit=1)["results"] is not None


def test_where_pdftotext_is_absent_the_answer_says_so(world):
    folder = os.path.join(world.folder, "empty")
    os.mkdir(folder)
    port = free_port()
    gateway = start_gateway(world, port, dict(world.environment, PATH=folder))
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
        connection.request("POST", "/api/v1/documents?name=a.pdf", pdf("x"),
                           {"Content-Type": "application/pdf", "Authorization": "Bearer " + world.token})
        answer = connection.getresponse()
        problem = json.loads(answer.read())
        assert answer.status in (422, 501), problem
        assert "pdftotext" in problem["detail"], problem
    finally:
        stop(gateway)


def start_gateway(world, port, environment, *options):
    gateway = subprocess.Popen([os.path.join(BIN, "jinmu-gateway"), "--listen", f"127.0.0.1:{port}",
                                "--state", world.folder, *options], env=environment,
                               stdout=subprocess.DEVNULL, stderr=world.log)
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert gateway.poll() is None, world.logged()[-2000:]
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return gateway
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the gateway does not listen")


def stop(gateway):
    gateway.terminate()
    assert gateway.wait(20) == 0


def test_over_tls_the_api_and_the_page_are_served_and_cookies_are_secure(world):
    if not shutil.which("openssl"):
        raise cases.Skipped("openssl is not installed")
    key, certificate = (os.path.join(world.folder, name) for name in ("tls.key", "tls.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
                   check=True, capture_output=True)
    port = free_port()
    gateway = start_gateway(world, port, world.environment, "--certificate", certificate, "--key", key)
    try:
        trusted = ssl.create_default_context(cafile=certificate)
        def ask(method, path, body=None):
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=90, context=trusted)
            connection.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.body = answer.read()
            return answer
        assert ask("GET", "/livez").status == 200
        page = ask("GET", "/")
        assert page.status == 200 and page.headers["Strict-Transport-Security"]
        signed = ask("POST", "/api/v1/session", {"name": "rev", "password": "correct horse 2"})
        assert signed.status == 200 and "; Secure" in signed.headers["Set-Cookie"]
        warnings.simplefilter("ignore", DeprecationWarning)  # of asking for it
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            old.load_verify_locations(certificate)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
            socket_ = old.wrap_socket(socket.create_connection(("127.0.0.1", port), 5),
                                      server_hostname="localhost")
            raise AssertionError("TLS 1.1 is spoken: " + socket_.version())
        except (ssl.SSLError, OSError, ValueError):
            pass
        plain = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            plain.request("GET", "/livez")
            assert plain.getresponse().status != 200
        except (http.client.HTTPException, OSError):
            pass
    finally:
        stop(gateway)


def test_a_stream_that_nobody_reads_holds_up_nobody(world):
    rev, sub = Client(world, "rev"), Client(world, "sub")
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect(("127.0.0.1", world.port))
    reader.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nLast-Event-ID: 0\r\nCookie: {rev.cookie}"
                   "\r\n\r\n".encode())
    for turn in range(3):
        batch = [project(2000 + turn * 300 + i) for i in range(300)]
        answer = sub.ask("POST", "/projects", {"projects": batch}, {"Prefer": "wait=30"})
        assert answer.status == 200, answer.body[:300]
    for _ in range(20):
        assert rev.ask("GET", "/results?limit=1").status == 200
    reader.settimeout(90)
    heard, last = b"", rev.get("/results", limit=1)["last_event"]
    while f"id: {last}\n".encode() not in heard[-100000:]:
        part = reader.recv(65536)
        assert part, "the stream ended"
        heard += part
    numbers = [int(n) for n in re.findall(rb"^id: (\d+)$", heard, re.M)]
    assert numbers == list(range(1, last + 1)), "every event once, in order"
    reader.close()


def held_or_dropped(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
    connection.request("GET", "/metrics")
    metrics = connection.getresponse().read().decode()
    connection.close()
    return sum(float(re.search(rf"^{name} (\S+)$", metrics, re.M)[1])
               for name in ("jinmu_http_connections", "jinmu_http_dropped_slow_total"))


def seconds_of_twenty_answers(port, token):
    started = time.monotonic()
    for _ in range(20):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=90)
        connection.request("GET", "/api/v1/results?limit=1", None, {"Authorization": "Bearer " + token})
        assert connection.getresponse().status == 200
        connection.close()
    return time.monotonic() - started


def test_ten_thousand_slow_connections_keep_nobody_out(world):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < SLOW + 2000:
        raise cases.Skipped(f"ulimit -Hn is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with open(os.path.join(world.folder, "jinmu.zpl"), "a", encoding="ascii") as file:
        file.write(f"http\n    connections = {SLOW + 1000}\n    connections_of_one = 2000\n")
    port = free_port()
    gateway = start_gateway(world, port, world.environment)
    alone = seconds_of_twenty_answers(port, world.token)
    slow = []
    try:
        for i in range(SLOW):
            one = socket.socket()
            one.bind((f"127.0.1.{i // 1000 + 1}", 0))
            one.connect(("127.0.0.1", port))
            one.sendall(b"GET /api/v1/results HTTP/1.1\r\nX-Slow: ")
            slow.append(one)
        assert held_or_dropped(port) >= SLOW
        beside = seconds_of_twenty_answers(port, world.token)
        print(f"20 answers alone: {alone:.2f} s, beside {SLOW} slow connections: {beside:.2f} s")
        assert beside < 10 * alone + 10
    finally:
        for one in slow:
            one.close()
        stop(gateway)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def main():
    world = World()
    return run_cases(globals(), world, world)


if __name__ == "__main__":
    sys.exit(main())
