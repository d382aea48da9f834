#!/usr/bin/python3
"""A backup that is made while projects come in, and what becomes of the work when it is put back."""
import ctypes
import fcntl
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import cases
import chaos_client
import chaos_world

PROJECTS = 3000


def jinmu(*arguments, expected=0):
    done = subprocess.run([os.path.join(chaos_world.BIN, "jinmu"), *arguments], text=True,
                          capture_output=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode == expected, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def start(state):
    world = chaos_world.World(state, 2)
    world.await_log("broker_ready", 1)
    world.await_log("collector_ready", 1)
    return world


def work(clients, enough):
    deadline = time.monotonic() + 120
    while not enough():
        assert time.monotonic() < deadline, (clients.acknowledged, clients.answered)
        clients.work(time.monotonic() + 0.02)


def numbers(path, sql):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = [row[0] for row in database.execute(sql)]
    database.close()
    return rows


def back_up_at_work(state, folder):
    """Backs up half-way; the clients, of whom some are acknowledged and not yet answered."""
    world = start(state)
    try:
        clients = chaos_client.Clients(world.endpoint, PROJECTS, 25, 40)
        clients.allow(PROJECTS)
        work(clients, lambda: clients.acknowledged >= PROJECTS // 2)
        acknowledged = clients.acknowledged
        manifest = json.loads(jinmu("backup", "--state", state, "--json", folder))
        assert [file["name"] for file in manifest["files"]][:3] == [
            "spool.db", "results.db", "catalog.db"], manifest
        work(clients, clients.done)
        clients.close()
        assert not any(world.stop())
    finally:
        world.kill()
    return acknowledged


def test_a_backup_at_work_has_every_project_that_was_acknowledged_before(state, folder):
    acknowledged = back_up_at_work(state, folder)
    assert sorted(os.listdir(folder)) == [
        "catalog.db", "manifest.json", "results.db", "spool.db"], os.listdir(folder)
    for name in os.listdir(folder):
        assert os.stat(os.path.join(folder, name)).st_mode & 0o777 == 0o600
    fresh = tempfile.mkdtemp(prefix="jinmu.")
    try:
        shown = jinmu("restore", "--state", fresh, folder)
        assert "spool.db" in shown, shown
        world = start(fresh)
        try:
            deadline = time.monotonic() + 60
            path = os.path.join(fresh, "spool.db")
            while numbers(path, "SELECT count(*) FROM job WHERE state = 'ready'") != [0]:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            assert not any(world.stop())
        finally:
            world.kill()
        stored = numbers(os.path.join(fresh, "results.db"), "SELECT id FROM project")
        assert len(stored) == len(set(stored)) and len(stored) >= acknowledged, len(stored)
        events = numbers(os.path.join(fresh, "results.db"), "SELECT number FROM event ORDER BY 1")
        assert events == list(range(1, len(stored) + 1))
    finally:
        shutil.rmtree(fresh)


def test_what_is_there_is_moved_aside_and_what_is_damaged_refused(state, folder):
    jinmu("catalog", "list", "--state", state)
    shown = jinmu("backup", "--state", state, folder)
    assert "catalog.db" in shown, shown
    assert "no empty folder" in jinmu("backup", "--state", state, folder, expected=2)
    assert "--replace" in jinmu("restore", "--state", state, folder, expected=2)
    jinmu("restore", "--state", state, "--replace", folder)
    aside = [name for name in os.listdir(state) if name.startswith("replaced-")]
    assert len(aside) == 1, aside
    assert "catalog.db" in os.listdir(os.path.join(state, aside[0]))
    assert "restoring" not in os.listdir(state)
    jinmu("catalog", "list", "--state", state)
    with open(os.path.join(folder, "catalog.db"), "r+b") as file:
        file.seek(5000)
        file.write(b"damage")
    assert "not as it was" in jinmu("restore", "--state", state, "--replace", folder, expected=2)


DAEMONS = ("broker", "collector", "worker", "gateway", "postman")


def with_projects(state, folder):
    """A state with results, backed up, and then with more."""
    world = start(state)
    try:
        clients = chaos_client.Clients(world.endpoint, 200, 25, 40)
        clients.allow(100)
        work(clients, lambda: clients.answered >= 100)
        jinmu("backup", "--state", state, folder)
        clients.allow(200)
        work(clients, clients.done)
        clients.close()
        assert not any(world.stop())
    finally:
        world.kill()
    os.remove(world.path("log"))  # the next world waits for its own lines


def stored(directory):
    return len(numbers(os.path.join(directory, "results.db"), "SELECT id FROM project"))


def refusal(state, *command):
    """What a program says that must not start."""
    done = subprocess.run([os.path.join(chaos_world.BIN, command[0]), *command[1:], "--state",
                           state], text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode not in (0, None), (command, done.stdout, done.stderr)
    return done.stdout + done.stderr


def test_a_restore_that_was_killed_leaves_a_state_on_which_nothing_starts(state, folder):
    with_projects(state, folder)
    before = stored(state)
    assert before == 200
    largest = max(os.stat(os.path.join(folder, name)).st_size for name in os.listdir(folder))
    # The kernel ends it (SIGXFSZ) when it has written half of the largest file.
    killed = subprocess.run(
        [os.path.join(chaos_world.BIN, "jinmu"), "restore", "--state", state, "--replace", folder],
        capture_output=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 2, largest // 2)))
    assert killed.returncode == -signal.SIGXFSZ, killed
    for daemon in DAEMONS:
        said = refusal(state, "jinmu-" + daemon)
        assert "state.restoring" in said and f"restore --state {state} --replace" in said, said
    assert "has not finished" in refusal(state, "jinmu", "serve")
    assert "恢复没有完成" in jinmu("doctor", "--state", state, expected=1)
    jinmu("restore", "--state", state, "--replace", folder)
    assert "restoring" not in os.listdir(state)
    first, second = sorted(name for name in os.listdir(state) if name.startswith("replaced-"))
    assert stored(os.path.join(state, first)) == before, "what was there first is whole"
    assert "spool.db" in os.listdir(os.path.join(state, second)), "what the killed one had copied"
    assert 100 == stored(state) < before
    world = start(state)
    try:
        world.await_log("worker_ready broker", 2)
        assert not any(world.stop())
    finally:
        world.kill()


# What must work there, and what looks at no state.
WORK_ALL_THE_SAME = {"doctor", "restore", "intake", "catalog csv"}
# Without these words a verb says what is missing before it looks at the state.
NEEDED = {
    "reclassify": ["--engine"],
    "catalog import": ["--revision", "some"],
    "catalog labels": ["check"],
    "catalog map": ["list", "1", "2"],
    "findings accept": ["--reason", "right", "--by", "me"],
    "findings withdraw": ["--reason", "wrong", "--by", "me"],
    "reviews withdraw": ["--by", "me"],
    "users add": ["--role", "admin", "--password-stdin"],
    "users passwd": ["--password-stdin"],
}


def verbs_of(text):
    """The first word of each line of help that lists a verb."""
    return [line.split()[0] for line in text.splitlines() if line.startswith("  ") and line[2] != " "]


def all_verbs():
    """Every verb as a list of words: `catalog import` too."""
    for verb in verbs_of(jinmu("help")):
        shown = jinmu(verb, "--help")
        if "VERB" in shown.splitlines()[0]:
            yield from ([verb, second] for second in verbs_of(shown))
        else:
            yield [verb]


def arguments_of(words, file):
    """What a verb must be given, by its own help; a file where it reads one."""
    usage = next(line for line in jinmu(*words, "--help").splitlines() if "[OPTION...]" in line)
    words = usage.split("[OPTION...]")[1].split()
    return [file if word.strip("[").startswith(("FILE", "CASES")) else "1"
            for word in words if not word.startswith("[") or "FILE" in word or "CASES" in word]


def test_no_verb_works_on_a_state_whose_restore_has_not_finished(state, folder):
    jinmu("catalog", "list", "--state", state)
    jinmu("backup", "--state", state, folder)
    marker, file = os.path.join(state, "restoring"), folder + ".jsonl"
    for path, text in ((marker, "copying\n"), (file, '{"name":"垃圾清运服务","kind":"goods","label":{}}\n')):
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, 0o600)
    before = sorted(os.listdir(state))
    called = 0
    for words in all_verbs():
        if " ".join(words) in WORK_ALL_THE_SAME:
            continue
        call = words + NEEDED.get(" ".join(words), []) + arguments_of(words, file)
        said = jinmu(*call, "--state", state, expected=2)
        assert f"restore --state {state} --replace" in said, (call, said)
        assert sorted(os.listdir(state)) == before, (call, os.listdir(state))
        called += 1
    assert called > 50, called
    assert "恢复没有完成" in jinmu("doctor", "--state", state, expected=1)
    jinmu("restore", "--state", state, "--replace", folder)
    jinmu("catalog", "list", "--state", state)


def test_an_interrupted_moving_goes_on_into_the_same_folder(state, folder):
    """A database and its log are kept together, and no log is left for another database."""
    with_projects(state, folder)
    aside = os.path.join(state, "replaced-20260101T000000Z")
    os.mkdir(aside, 0o700)
    os.rename(os.path.join(state, "results.db"), os.path.join(aside, "results.db"))
    for name, text in (("restoring", "moving replaced-20260101T000000Z\n"), ("results.db-wal", "log")):
        with open(os.path.join(state, name), "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(os.path.join(state, name), 0o600)
    assert "has not finished" in refusal(state, "jinmu-collector")
    assert "--replace" in jinmu("restore", "--state", state, folder, expected=2)
    jinmu("restore", "--state", state, "--replace", folder)
    assert [name for name in os.listdir(state) if name.startswith("replaced-")] == [
        os.path.basename(aside)]
    with open(os.path.join(aside, "results.db-wal"), encoding="ascii") as file:
        assert file.read() == "log"
    assert {"spool.db", "catalog.db", "results.db"} <= set(os.listdir(aside))
    assert "results.db-wal" not in os.listdir(state)
    assert stored(state) == 100


def test_a_restore_for_which_there_is_no_room_says_what_to_do(state, folder):
    with_projects(state, folder)
    largest = max(os.stat(os.path.join(folder, name)).st_size for name in os.listdir(folder))

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # as a full disk: the write fails
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest // 2, largest // 2))

    failed = subprocess.run(
        [os.path.join(chaos_world.BIN, "jinmu"), "restore", "--state", state, "--replace", folder],
        capture_output=True, check=False, text=True, preexec_fn=limit)
    assert failed.returncode == 2 and "has not finished" in failed.stderr, failed
    assert "has not finished" in refusal(state, "jinmu-broker")
    jinmu("restore", "--state", state, "--replace", folder)
    jinmu("doctor", "--state", state)


def test_nothing_is_put_under_running_services(state, folder):
    world = start(state)
    try:
        jinmu("backup", "--state", state, folder)
        shown = jinmu("restore", "--state", state, "--replace", folder, expected=2)
        assert "stop them first" in shown, shown
        assert not any(world.stop())
    finally:
        world.kill()


def test_nothing_is_put_under_a_daemon_or_verb_that_works_alone(state, folder):
    jinmu("catalog", "list", "--state", state)
    jinmu("backup", "--state", state, folder)
    gateway = subprocess.Popen(
        [os.path.join(chaos_world.BIN, "jinmu-gateway"), "--state", state, "--listen",
         "127.0.0.1:0"], stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGTERM))
    try:
        while "gateway_ready" not in (line := gateway.stderr.readline()):
            assert line, "it has ended"
        shown = jinmu("restore", "--state", state, "--replace", folder, expected=2)
        assert "state.lock" in shown and "restoring" not in os.listdir(state), shown
    finally:
        gateway.terminate()
        gateway.communicate()
    for name in ("catalog.db.lock", "gateway.db.lock"):  # as `catalog import` and `users add` do
        with open(os.path.join(state, name), "a", encoding="ascii") as lock:
            os.chmod(lock.name, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            shown = jinmu("restore", "--state", state, "--replace", folder, expected=2)
            assert name in shown, shown
    jinmu("restore", "--state", state, "--replace", folder)


def test_no_daemon_starts_while_a_restore_works(state, folder):
    del folder
    with open(os.path.join(state, "state.lock"), "w", encoding="ascii") as lock:
        os.chmod(lock.name, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        for daemon in DAEMONS:
            assert "state.restoring" in refusal(state, "jinmu-" + daemon), daemon
        assert "wait until it has ended" in refusal(state, "jinmu", "serve")


def prepare():
    state, parent = tempfile.mkdtemp(prefix="jinmu."), tempfile.mkdtemp(prefix="jinmu.")

    def finish(_failed):
        shutil.rmtree(state, ignore_errors=True)
        shutil.rmtree(parent, ignore_errors=True)
    return (state, os.path.join(parent, "backup")), finish


def main():
    return 1 if cases.run(globals(), prepare) else 0


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # a cable of a failed test may still run
