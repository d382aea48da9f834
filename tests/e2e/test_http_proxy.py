#!/usr/bin/python3
"""The gateway behind a reverse proxy that speaks TLS: nginx, with deploy/nginx.conf.example as it stands but
for ports and paths. And the settings of TLS and proxies that the gateway refuses."""
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time

import cases
from authority import HERE, Authority
from http_world import (BIN, PASSWORDS, ROOT, Client, World, die_with_parent, free_port, project,
                        run_cases)

NAME = "jinmu.example"
DEADLINE_S = 90


def await_port(port, process):
    deadline = time.monotonic() + DEADLINE_S
    while True:
        assert process.poll() is None and time.monotonic() < deadline
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)


class Proxy:
    """nginx in front of a gateway that believes it."""

    def __init__(self, world):
        if not shutil.which("nginx"):
            raise cases.Skipped("nginx is not installed")
        self.world = world
        self.folder = os.path.join(world.folder, "nginx")
        os.mkdir(self.folder)
        self.port, self.plain_port, self.gateway_port = free_port(), free_port(), free_port()
        self.gateway = subprocess.Popen(
            [os.path.join(BIN, "jinmu-gateway"), "--listen", f"127.0.0.1:{self.gateway_port}",
             "--state", world.folder, "--proxy", "127.0.0.1", "--https-outside"],
            env=world.environment, stderr=world.log, preexec_fn=die_with_parent)
        await_port(self.gateway_port, self.gateway)
        self.authority = Authority(self.folder, "authority")
        self.authority.issue(f"DNS:{NAME},{HERE}")
        self.write_configuration()
        self.nginx = subprocess.Popen(["nginx", "-p", self.folder, "-c",
                                       os.path.join(self.folder, "nginx.conf"), "-e", "error.log"],
                                      preexec_fn=die_with_parent)
        await_port(self.port, self.nginx)

    def write_configuration(self):
        with open(os.path.join(ROOT, "deploy/nginx.conf.example"), encoding="utf-8") as file:
            text = file.read()
        for ours, theirs in (("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
                             ("listen 80", f"listen 127.0.0.1:{self.plain_port}"),
                             ("/etc/jinmu/tls/chain.pem", self.authority.path("1.pem")),
                             ("/etc/jinmu/tls/key.pem", self.authority.path("1.key")),
                             ("http://127.0.0.1:8080", f"http://127.0.0.1:{self.gateway_port}")):
            assert ours in text, ours
            text = text.replace(ours, theirs)
        places = "".join(f"{kind}_temp_path {self.folder}/{kind};\n"
                         for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;\n" if os.geteuid() == 0 else ""
        with open(os.path.join(self.folder, "nginx.conf"), "w", encoding="utf-8") as file:
            file.write(f"{user}daemon off;\nworker_processes 1;\npid {self.folder}/pid;\nevents {{}}\n"
                       f"http {{\naccess_log off;\n{places}{text}}}\n")

    def connect(self, source="127.0.0.1"):
        trusted = ssl.create_default_context(cafile=self.authority.certificate)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=DEADLINE_S,
                                           context=trusted, source_address=(source, 0))

    def ask(self, method, path, body=None, source="127.0.0.1", **headers):
        connection = self.connect(source)
        sent = {"Host": NAME, "Content-Type": "application/json"}
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        connection.request(method, path, body and json.dumps(body), sent)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        connection.close()
        return answer

    def sign_in(self, name, password=None, source="127.0.0.1", **headers):
        return self.ask("POST", "/api/v1/session",
                        {"name": name, "password": password or PASSWORDS[name]}, source, **headers)

    def close(self):
        self.nginx.send_signal(signal.SIGQUIT)
        assert self.nginx.wait(DEADLINE_S) == 0
        self.gateway.terminate()
        assert self.gateway.wait(DEADLINE_S) == 0


class Subject:
    def __init__(self):
        self.world = World()
        self.made = None

    @property
    def proxy(self):
        self.made = self.made or Proxy(self.world)
        return self.made

    def logged(self):
        return self.world.logged()

    def close(self):
        if self.made:
            self.made.close()
        return self.world.close()


def test_a_session_over_the_proxy_has_a_secure_cookie_and_its_origin_is_ours(subject):
    proxy = subject.proxy
    answer = proxy.sign_in("sub", Origin=f"https://{NAME}")
    assert answer.status == 200, answer.text
    cookie = answer.headers["Set-Cookie"]
    for mark in ("; Secure", "; HttpOnly", "; SameSite=Strict"):
        assert mark in cookie, cookie
    assert answer.headers["Strict-Transport-Security"]
    session = {"Cookie": cookie.split(";")[0], "X_CSRF_Token": json.loads(answer.text)["csrf"]}
    sent = proxy.ask("POST", "/api/v1/projects", project(1), Origin=f"https://{NAME}",
                     Prefer="wait=20", **session)
    assert sent.status == 200, sent.text
    foreign = proxy.ask("POST", "/api/v1/projects", project(2), Origin="https://evil.example",
                        **session)
    assert foreign.status == 403 and json.loads(foreign.text)["code"] == "auth.csrf", foreign.text
    page = proxy.ask("GET", "/")
    assert page.status == 200 and "Content-Security-Policy" in page.headers
    assert "; Secure" in proxy.ask("DELETE", "/api/v1/session", **session).headers["Set-Cookie"]


def test_the_audit_log_has_the_client_s_address_whatever_the_client_says(subject):
    proxy = subject.proxy
    assert proxy.sign_in("rev", source="127.0.0.7",
                         X_Forwarded_For="203.0.113.9").status == 200
    admin = Client(subject.world, "admin")
    entry = admin.get("/audit", action="session.open", limit=5)["entries"]
    assert next(e for e in entry if e["who"] == "rev")["from"] == "127.0.0.7", entry


def test_who_does_not_come_through_the_proxy_is_not_believed(subject):
    proxy = subject.proxy
    connection = http.client.HTTPConnection("127.0.0.1", proxy.gateway_port, timeout=DEADLINE_S,
                                            source_address=("127.0.0.8", 0))
    connection.request("POST", "/api/v1/session",
                       json.dumps({"name": "rev2", "password": PASSWORDS["rev2"]}),
                       {"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.10"})
    assert connection.getresponse().status == 200
    connection.close()
    admin = Client(subject.world, "admin")
    entry = admin.get("/audit", action="session.open", limit=5)["entries"]
    assert next(e for e in entry if e["who"] == "rev2")["from"] == "127.0.0.8", entry


def test_one_who_guesses_passwords_does_not_slow_others_down(subject):
    proxy = subject.proxy
    statuses = [proxy.sign_in(f"nobody{i}", "wrong password", "127.0.0.9").status
                for i in range(25)]
    assert statuses[-1] == 429 and statuses[0] == 401, statuses
    assert proxy.sign_in("lib", source="127.0.0.9").status == 429
    assert proxy.sign_in("lib", source="127.0.0.10").status == 200


def test_events_come_through_at_once(subject):
    proxy, admin = subject.proxy, Client(subject.world, "admin")
    token = {"Host": NAME, "Authorization": "Bearer " + subject.world.token}
    connection = proxy.connect()
    connection.request("GET", f"/api/v1/events?since={admin.get('/results')['last_event']}",
                       headers=token)
    stream = connection.getresponse()
    assert stream.status == 200 and stream.readline() == b"retry: 3000\n"
    stream.readline()
    assert admin.ask("POST", "/projects", project(3), {"Prefer": "wait=20"}).status == 200
    while not stream.readline().startswith(b"id: "):  # held back, it would not come at all
        pass
    connection.close()


def test_what_the_service_says_of_its_own_address_is_https(subject):
    proxy = subject.proxy
    answer = proxy.ask("GET", "/reconcile/current")
    assert answer.status == 200 and f"https://{NAME}/reconcile/" in answer.text, answer.text[:300]
    assert f"http://{NAME}" not in answer.text


def test_plain_http_is_sent_to_https(subject):
    proxy = subject.proxy
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain_port, timeout=DEADLINE_S)
    connection.request("GET", "/api/v1/results?limit=1", headers={"Host": NAME})
    answer = connection.getresponse()
    assert answer.status == 308 and answer.headers["Location"] == f"https://{NAME}/api/v1/results?limit=1"
    connection.close()


def test_the_largest_document_that_the_gateway_takes_goes_through(subject):
    proxy = subject.proxy
    connection = proxy.connect()
    for size, statuses in (((8 << 20), (200, 422)), ((8 << 20) + 1, (413,))):
        connection.request("POST", "/api/v1/documents?name=a.txt", b" " * size,
                           {"Host": NAME, "Content-Type": "text/plain",
                            "Authorization": "Bearer " + subject.world.token})
        answer = connection.getresponse()
        answer.read()
        assert answer.status in statuses, (size, answer.status)
    connection.close()


def refused(subject, *options):
    """What a gateway says that does not start with these options."""
    done = subprocess.run([os.path.join(BIN, "jinmu-gateway"), "--listen", f"127.0.0.1:{free_port()}",
                           "--state", subject.world.folder, *options], text=True,
                          capture_output=True, timeout=DEADLINE_S, check=False)
    assert done.returncode == 1, done
    return done.stderr


def test_settings_that_would_leave_connections_unprotected_are_refused(subject):
    authority = Authority(subject.world.folder, "settings")
    authority.issue(HERE)
    certificate, key = authority.path("1.pem"), authority.path("1.key")
    told = refused(subject, "--key", key)
    assert "http/certificate and http/key" in told, told
    told = refused(subject, "--certificate", certificate)
    assert "http/certificate and http/key" in told, told
    told = refused(subject, "--certificate", certificate, "--key", certificate)
    assert "http.start" in told, told
    told = refused(subject, "--proxy", "proxy.example")
    assert "http/proxy" in told and "proxy.example" in told, told


def start_at(subject, listen, *options):
    """On a port that it finds itself: one that is free on the loopback need not be so on all addresses."""
    before = len(subject.logged())
    gateway = subprocess.Popen([os.path.join(BIN, "jinmu-gateway"), "--listen", f"{listen}:0",
                                "--state", subject.world.folder, *options], stderr=subject.world.log,
                               preexec_fn=die_with_parent)
    deadline = time.monotonic() + DEADLINE_S
    while True:
        ready = re.search(r"gateway_ready listen=\S+:0 port=(\d+)", subject.logged()[before:])
        if ready:
            return gateway, int(ready.group(1))
        assert gateway.poll() is None and time.monotonic() < deadline, subject.logged()[before:]
        time.sleep(0.02)


def test_a_proxy_is_known_where_the_gateway_listens_to_both_families(subject):
    gateway, port = start_at(subject, "[::]", "--proxy", "127.0.0.1")
    for forwarded in ("203.0.113.11", "2001:db8::1"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
        connection.request("POST", "/api/v1/session",
                           json.dumps({"name": "sub", "password": PASSWORDS["sub"]}),
                           {"Content-Type": "application/json", "X-Forwarded-For": forwarded})
        assert connection.getresponse().status == 200
        connection.close()
        admin = Client(subject.world, "admin")
        entries = admin.get("/audit", action="session.open", limit=5)["entries"]
        assert next(e for e in entries if e["who"] == "sub")["from"] == forwarded, entries
    gateway.terminate()
    assert gateway.wait(DEADLINE_S) == 0


def test_passwords_over_a_network_in_the_clear_are_warned_of(subject):
    before = subject.logged().count("http_in_the_clear")
    for listen, options, warned in (("127.0.0.1", (), 0), ("0.0.0.0", (), 1),
                                    ("0.0.0.0", ("--https-outside",), 0)):
        gateway, _ = start_at(subject, listen, *options)
        gateway.terminate()
        assert gateway.wait(DEADLINE_S) == 0
        count = subject.logged().count("http_in_the_clear")
        assert count - before == warned, (listen, options, count)
        before = count


def main():
    subject = Subject()
    return run_cases(globals(), subject, subject)


if __name__ == "__main__":
    sys.exit(main())
