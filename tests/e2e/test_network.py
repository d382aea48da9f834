#!/usr/bin/python3
"""Three hosts, as network namespaces: broker and collector on one, a worker on each of the others, over
tcp with keys. One is cut off in the middle of a run and brought back. Prints its results as cmocka
does, for tests/run.sh to count. Needs root and iproute2."""
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

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


def make_old(host):
    """Its catalog.db was changed an hour ago."""
    past = time.time() - 3600
    for name in os.listdir(host.state):
        if name.startswith("catalog.db"):
            os.utime(os.path.join(host.state, name), (past, past))


@contextlib.contextmanager
def three_hosts():
    """The server, the two hosts of the workers, and a folder for files; all is removed afterwards."""
    folder = tempfile.mkdtemp(prefix="jinmu.")
    hosts = []
    try:
        yield (*set_up(folder, hosts), folder)
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


def test_a_host_that_is_cut_off_and_comes_back_loses_and_doubles_nothing():
    with three_hosts() as (server, one, other, folder):
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


def test_a_host_that_judges_by_another_catalog_is_told_until_it_takes_that_of_the_others():
    with three_hosts() as (server, one, other, folder):
        few = os.path.join(folder, "few.jsonl")
        write_projects(few, "f", 600)  # of three requests: some for each

        def keys_by_model():
            server.jinmu("submit", "--bulk", "--wait", few)
            return sorted(use["keys"] for use in status(server)["collector"]["judged_by"])

        await_that(lambda: keys_by_model() == [["host1", "host2"]], "both judge alike")
        assert "WORKERS DIFFER" not in server.jinmu("status")
        review = os.path.join(folder, "review.json")
        with open(review, "w", encoding="utf-8") as file:
            json.dump({"id": "r1", "project": {"id": "r", "name": "夜校"}, "decision": "correct",
                       "catalog": "晋财综〔2021〕63号",
                       "department": "民政", "code": "A040302", "reviewer": "张",
                       "time": "2026-01-01T00:00:00Z"}, file, ensure_ascii=False)
        other.jinmu("reviews", "add", review)
        await_that(lambda: keys_by_model() == [["host1"], ["host2"]], "they differ")
        told = server.jinmu("status")
        assert "WORKERS DIFFER" in told and "(host1)" in told and "(host2)" in told, told
        assert "\njinmu_models_at_once 2\n" in server.jinmu("status", "--metrics")
        told = server.jinmu("doctor")
        assert "[注意] 各处理程序（worker）所用的目录库或程序版本不一致" in told, told

        backup = os.path.join(folder, "backup")
        other.jinmu("backup", backup)
        one.jinmu("catalog", "take", os.path.join(backup, "catalog.db"))
        await_that(lambda: keys_by_model() == [["host1", "host2"]], "both judge alike again")
        assert "\njinmu_models_at_once 1\n" in server.jinmu("status", "--metrics")
        server.jinmu("classify", few)  # makes its own catalog, which knows no review
        told = server.jinmu("doctor")
        assert "不一致" not in told, told  # too early to say
        make_old(server)
        told = server.jinmu("doctor")
        assert "[注意] 本机的 catalog.db 与处理程序（worker）判断所用的不一致" in told, told
        shutil.copy(os.path.join(backup, "catalog.db"), server.state)
        make_old(server)
        assert "不一致" not in server.jinmu("doctor")
        assert [host.stop() for host in (one, other, server)] == [[0], [0], [0, 0]]


def main():
    return 1 if cases.run(globals(), prepare) else 0


if __name__ == "__main__":
    sys.exit(main())
