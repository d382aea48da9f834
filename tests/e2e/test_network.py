#!/usr/bin/python3
"""Three hosts, as network namespaces: broker and collector on one, a worker on each of the others, over
tcp with keys. One is cut off in the middle of a run and brought back. Prints its results as cmocka
does, for tests/run.sh to count. Needs root and iproute2."""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import cases

BIN = os.path.abspath(os.environ.get("JINMU_BIN", "build/bin"))
PROJECTS = 30000
TIMEOUT_S = 240
SERVER = "10.77.0.1"


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def await_that(condition, what):
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, f"not in {TIMEOUT_S} s: {what}"
        time.sleep(0.02)


class Host:
    """A network namespace, a state directory and the daemons that run there."""

    def __init__(self, name, folder):
        self.name = f"jm{os.getpid()}{name}"
        self.state = os.path.join(folder, name)
        self.daemons = []
        os.mkdir(self.state, 0o700)
        run("ip", "netns", "add", self.name)
        self.ip("link", "set", "lo", "up")
        with open(os.path.join(self.state, "jinmu.zpl"), "w", encoding="ascii") as file:
            file.write(f"broker\n    endpoint = tcp://{SERVER}:5601\n"
                       "    lease_ms = 3000\n"
                       f"collector\n    endpoint = tcp://{SERVER}:5602\n"
                       f"    events = tcp://{SERVER}:5603\n")

    def ip(self, *arguments):
        return run("ip", "-n", self.name, *arguments)

    def command(self, program, *arguments):
        return ["ip", "netns", "exec", self.name, os.path.join(BIN, program), *arguments,
                "--state", self.state]

    def jinmu(self, *arguments):
        return run(*self.command("jinmu", *arguments))

    def start(self, program, ready):
        log = open(os.path.join(self.state, program + ".log"), "w", encoding="utf-8")
        self.daemons.append(subprocess.Popen(self.command(program), stderr=log,
                                             preexec_fn=die_with_parent))
        log.close()
        await_that(lambda: ready in self.log(program), f"{program} ready:\n{self.log(program)}")

    def log(self, program):
        with open(os.path.join(self.state, program + ".log"), encoding="utf-8") as file:
            return file.read()

    def stop(self):
        for daemon in self.daemons:
            daemon.send_signal(signal.SIGTERM)
        statuses = [daemon.wait(60) for daemon in self.daemons]
        self.daemons = []
        return statuses

    def remove(self):
        for daemon in self.daemons:
            daemon.kill()
            daemon.wait()
        subprocess.run(["ip", "netns", "del", self.name], check=False)

    def public(self, name):
        return os.path.join(self.state, "keys", name + ".pub")


def join_network(server, host, number):
    """A cable between the two; the server is reached behind it."""
    cable = f"jm{os.getpid() % 100000}v{number}"
    server.ip("link", "add", cable, "type", "veth", "peer", "name", "up0", "netns", host.name)
    server.ip("addr", "add", f"10.77.{number}.1/24", "dev", cable)
    server.ip("link", "set", cable, "up")
    host.ip("addr", "add", f"10.77.{number}.2/24", "dev", "up0")
    host.ip("link", "set", "up0", "up")
    host.ip("route", "add", SERVER, "via", f"10.77.{number}.1")


def exchange_keys(server, worker, name):
    worker.jinmu("keygen", "worker", name)
    server.jinmu("keys", "add", "worker", worker.public(name))
    for role in ("broker", "collector"):
        worker.jinmu("keys", "add", role, server.public(role))


def write_projects(path, series, count):
    with open(path, "w", encoding="utf-8") as file:
        for i in range(count):
            file.write(json.dumps({"id": f"{series}{i}", "name": f"第{i}批会计报表审计服务",
                                   "unit": "某市财政局", "year": 2026}, ensure_ascii=False) + "\n")


def status(server):
    return json.loads(server.jinmu("status", "--json"))


def check_stored_once(server, ids):
    events = [json.loads(line) for line in server.jinmu("results").splitlines()]
    assert [event["event"] for event in events] == list(range(1, len(ids) + 1))
    assert sorted(event["id"] for event in events) == sorted(ids)


def set_up(folder):
    server, one, other = Host("a", folder), Host("b", folder), Host("c", folder)
    server.ip("addr", "add", f"{SERVER}/32", "dev", "lo")
    for role in ("broker", "collector", "admin"):
        server.jinmu("keygen", role, role)
    project = os.path.join(folder, "one.jsonl")
    write_projects(project, "x", 1)
    for number, worker in enumerate((one, other), 1):
        join_network(server, worker, number)
        exchange_keys(server, worker, f"host{number}")
        worker.jinmu("classify", project)  # makes its catalog
    server.start("jinmu-broker", "broker_ready")
    server.start("jinmu-collector", "collector_ready")
    for worker in (one, other):
        worker.start("jinmu-worker", "worker_ready")
    await_that(lambda: len(status(server)["broker"]["workers"]) == 2, "two workers")
    return server, one, other


def test_a_host_that_is_cut_off_and_comes_back_loses_and_doubles_nothing():
    folder = tempfile.mkdtemp(prefix="jinmu.")
    hosts = []
    try:
        hosts = server, one, other = set_up(folder)
        first = os.path.join(folder, "first.jsonl")
        write_projects(first, "p", PROJECTS)
        with subprocess.Popen(server.command("jinmu", "submit", "--bulk", "--wait", first),
                              stdout=subprocess.DEVNULL, preexec_fn=die_with_parent) as submit:
            await_that(lambda: status(server)["collector"]["results"] > PROJECTS / 10, "a start")
            one.ip("link", "set", "up0", "down")
            assert status(server)["collector"]["results"] < PROJECTS, "cut off too late"
            await_that(lambda: len(status(server)["broker"]["workers"]) == 1, "one worker gone")
            assert submit.wait(TIMEOUT_S) == 0
        check_stored_once(server, [f"p{i}" for i in range(PROJECTS)])

        one.ip("link", "set", "up0", "up")
        one.ip("route", "replace", SERVER, "via", "10.77.1.1")
        await_that(lambda: len(status(server)["broker"]["workers"]) == 2, "it is back")
        second = os.path.join(folder, "second.jsonl")
        write_projects(second, "q", PROJECTS)
        server.jinmu("submit", "--bulk", "--wait", second)
        assert all(worker["done"] > 0 for worker in status(server)["broker"]["workers"])
        check_stored_once(server, [f"{series}{i}" for series in "pq" for i in range(PROJECTS)])
        assert [host.stop() for host in (one, other, server)] == [[0], [0], [0, 0]]
    except BaseException:
        for host in hosts:
            for name in sorted(os.listdir(host.state)):
                if name.endswith(".log"):
                    print(f"--- {host.name} {name}\n{host.log(name[:-4])}")
        raise
    finally:
        for host in hosts:
            host.remove()
        shutil.rmtree(folder)


def can_make_networks():
    if os.geteuid() != 0 or not shutil.which("ip"):
        return False
    name = f"jm{os.getpid()}t"
    made = subprocess.run(["ip", "netns", "add", name], stderr=subprocess.DEVNULL, check=False)
    if made.returncode:
        return False
    cable = subprocess.run(["ip", "-n", name, "link", "add", "t0", "type", "veth", "peer", "name",
                            "t1"], stderr=subprocess.DEVNULL, check=False)
    run("ip", "netns", "del", name)
    return cable.returncode == 0


def prepare():
    if not can_make_networks():
        raise cases.Skipped("network namespaces need root and iproute2")
    return (), lambda failed: None


def main():
    return 1 if cases.run(globals(), prepare) else 0


if __name__ == "__main__":
    sys.exit(main())
