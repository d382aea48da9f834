#!/usr/bin/python3
"""`jinmu serve` over tcp, and the verbs that let keys in and out. Prints its results as cmocka does, for
tests/run.sh to count."""
import ctypes
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

import cases

BIN = os.path.abspath(os.environ.get("JINMU_BIN", "build/bin"))
TIMEOUT_S = 60


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def jinmu(state, *arguments, text=None, status=0):
    done = subprocess.run([os.path.join(BIN, "jinmu"), *arguments, "--state", state], input=text,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=TIMEOUT_S)
    assert done.returncode == status, (arguments, done.returncode, done.stdout)
    return done.stdout


class Services:
    """`jinmu serve` on free ports."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="jinmu.")
        self.state = os.path.join(self.folder, "server")
        self.endpoints = [f"tcp://127.0.0.1:{port}" for port in free_ports(3)]
        self.lines = []
        self.process = subprocess.Popen(
            [os.path.join(BIN, "jinmu"), "serve", "--state", self.state, "--workers", "1",
             "--broker", self.endpoints[0], "--collector", self.endpoints[1],
             "--events", self.endpoints[2]],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGTERM))
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.await_line("ready state=")

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def await_line(self, part, times=1):
        deadline = time.monotonic() + TIMEOUT_S
        while sum(part in line for line in self.lines) < times:
            assert self.process.poll() is None and time.monotonic() < deadline, "".join(self.lines)
            time.sleep(0.01)

    def other_host(self, name):
        """A state that knows where the services are and whom to expect there."""
        state = os.path.join(self.folder, name)
        os.mkdir(state, 0o700)
        with open(os.path.join(state, "jinmu.zpl"), "w", encoding="ascii") as file:
            file.write(f"broker\n    endpoint = {self.endpoints[0]}\n"
                       f"collector\n    endpoint = {self.endpoints[1]}\n"
                       f"    events = {self.endpoints[2]}\n")
        os.chmod(os.path.join(state, "jinmu.zpl"), 0o600)
        for role in ("broker", "collector"):
            jinmu(state, "keys", "add", role, os.path.join(self.state, "keys", role + ".pub"))
        return state

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(TIMEOUT_S)
        self.reader.join()
        self.process.stdout.close()
        shutil.rmtree(self.folder)
        assert status == 0, "".join(self.lines)


def with_services(test):
    services = Services()
    try:
        test(services)
    finally:
        services.close()


PROJECT = '{"id":"k1","name":"会计报表审计服务"}\n'


def test_serve_makes_the_keys_it_needs_and_its_verbs_use_them():
    def body(services):
        listing = jinmu(services.state, "keys", "list")
        for role in ("client", "worker", "admin", "broker", "collector"):
            assert any(line.split()[:2] == [role, role] for line in listing.splitlines()), listing
        result, = jinmu(services.state, "submit", "--wait", "-", text=PROJECT).splitlines()
        assert json.loads(result)["id"] == "k1"
        assert "workers    1" in jinmu(services.state, "status")
        assert '"id":"k1"' in jinmu(services.state, "results")
    with_services(body)


def test_all_that_serve_makes_only_its_user_can_read():
    def body(services):
        for folder, _, files in os.walk(services.state):
            assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700, folder
            for name in files:
                mode = os.stat(os.path.join(folder, name)).st_mode
                assert stat.S_IMODE(mode) == 0o600, (folder, name)
    with_services(body)


def test_another_host_gets_in_with_its_key_until_that_is_revoked():
    def body(services):
        desk = services.other_host("desk")
        assert "keygen client NAME" in jinmu(desk, "status", status=2)
        public = jinmu(desk, "keygen", "client", "desk").strip()
        assert "refuses this key" in jinmu(desk, "submit", "-", text=PROJECT, status=2)
        assert "not of a 'admin'" in jinmu(services.state, "keys", "add", "admin", public, status=2)
        jinmu(services.state, "keys", "add", "client", public)
        result, = jinmu(desk, "submit", "--wait", "-", text=PROJECT).splitlines()
        assert json.loads(result)["id"] == "k1"
        with subprocess.Popen([os.path.join(BIN, "jinmu"), "watch", "--since", "0", "--state", desk],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watch:
            try:
                assert json.loads(watch.stdout.readline())["id"] == "k1"
                jinmu(services.state, "keys", "revoke", "desk")
                told = watch.communicate(timeout=2 * TIMEOUT_S)
            finally:
                watch.kill()
            assert watch.returncode == 2 and "refuses this key" in told[1], told
        assert "refuses this key" in jinmu(desk, "submit", "-", text=PROJECT, status=2)
        assert "jinmu keys: " in jinmu(services.state, "keys", "add", "client", public, status=2)
        assert "workers    1" in jinmu(services.state, "status")  # others go on
    with_services(body)


def test_a_client_is_no_admin():
    def body(services):
        desk = services.other_host("desk")
        public = jinmu(desk, "keygen", "client", "desk").strip()
        jinmu(services.state, "keys", "add", "client", public)
        assert "role" in jinmu(desk, "dead", "list", status=2)
        jinmu(services.state, "dead", "list")
    with_services(body)


def test_a_worker_whose_key_is_refused_says_so_and_begins_when_it_is_let_in():
    def body(services):
        shop = services.other_host("shop")
        public = jinmu(shop, "keygen", "worker", "shop").strip()
        shutil.copy(os.path.join(services.state, "catalog.db"), shop)
        with subprocess.Popen([os.path.join(BIN, "jinmu-worker"), "--state", shop], text=True,
                              stderr=subprocess.PIPE) as worker:
            watchdog = threading.Timer(TIMEOUT_S, worker.kill)
            rest = threading.Thread(target=worker.stderr.read)
            watchdog.start()
            try:
                told = next((line for line in worker.stderr if "worker_unheard" in line), "")
                assert "code=keys.refused" in told and "refuses this key" in told, told
                rest.start()
                jinmu(services.state, "keys", "add", "worker", public)
                services.await_line(" worker_ready worker=", times=2)
            finally:
                watchdog.cancel()
                worker.kill()
                if rest.ident:
                    rest.join()
    with_services(body)


def test_sighup_to_serve_reaches_every_daemon():
    def body(services):
        path = os.path.join(services.state, "jinmu.zpl")
        with open(path, "w", encoding="ascii") as file:
            file.write("limits\n    project_bytes = 1024\n")
        os.chmod(path, 0o600)
        services.process.send_signal(signal.SIGHUP)
        services.await_line(" reloaded ", times=3)
        long = json.dumps({"id": "long", "name": "审计", "description": "x" * 2000})
        environment = dict(os.environ, JINMU_LIMITS_PROJECT_BYTES="100000")
        done = subprocess.run(
            [os.path.join(BIN, "jinmu"), "submit", "--wait", "--state", services.state, "-"],
            input=long, stdout=subprocess.PIPE, text=True, check=False, env=environment)
        assert "project.too_large" in done.stdout, done.stdout
    with_services(body)


def main():
    return 1 if cases.run(globals()) else 0


if __name__ == "__main__":
    sys.exit(main())
