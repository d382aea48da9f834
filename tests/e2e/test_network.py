#!/usr/bin/python3
"""Three hosts, as network namespaces: broker and collector on one, a worker on each of the others, over
tcp with keys. One is cut off in the middle of a run and brought back. Prints its results as cmocka
does, for tests/run.sh to count. Needs root and iproute2."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import cases
from network_world import (SERVER, TIMEOUT_S, Host, await_that, die_with_parent, give_key,
                           join_network, know_server, prepare)

PROJECTS = 30000


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


def set_up(folder, hosts):
    """Into `hosts`: the server and the two of the workers."""
    for name in "abc":
        hosts.append(Host(name, folder))
    server, one, other = hosts
    server.ip("addr", "add", f"{SERVER}/32", "dev", "lo")
    for role in ("broker", "collector", "admin"):
        server.jinmu("keygen", role, role)
    project = os.path.join(folder, "one.jsonl")
    write_projects(project, "x", 1)
    for number, worker in enumerate((one, other), 1):
        join_network(server, worker, number)
        give_key(server, worker, "worker", f"host{number}")
        know_server(server, worker)
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
        server, one, other = set_up(folder, hosts)
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


def main():
    return 1 if cases.run(globals(), prepare) else 0


if __name__ == "__main__":
    sys.exit(main())
