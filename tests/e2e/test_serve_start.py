#!/usr/bin/python3
"""`jinmu serve` on what it cannot start with: it says why and ends, and leaves no process behind."""
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile

import cases

BIN = os.path.abspath(os.environ.get("JINMU_BIN", "build/bin"))


def left_behind(state):
    """The command lines of processes that speak of the state."""
    lines = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                lines.append(file.read())
        except OSError:  # it has ended
            pass
    return [line for line in lines if state in line]


def serve(state, *options):
    """What it printed; it must end with status 2."""
    done = subprocess.run([os.path.join(BIN, "jinmu"), "serve", "--workers", "1", "--state", state,
                           *options], text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    assert "ready" not in done.stdout
    assert not left_behind(state)
    return done.stderr


def test_a_store_of_a_newer_program_ends_it(state):
    for name in ("results", "spool"):
        path = os.path.join(state, name + ".db")
        database = sqlite3.connect(path)
        os.chmod(path, 0o600)
        database.execute("PRAGMA user_version = 99")
        database.close()
        said = serve(state)
        assert f"{path}: {name} schema version 99 is newer than this program's" in said, said
        assert "ended 5 times with status" in said.splitlines()[-1], said
        os.unlink(path)


def test_a_wrong_setting_ends_it(state):
    path = os.path.join(state, "jinmu.zpl")
    with open(path, "w", encoding="ascii") as file:
        file.write("broker\n    max_jobs = many\n")
    os.chmod(path, 0o600)
    said = serve(state)
    assert "broker/max_jobs: 'many' is no number" in said, said
    assert "jinmu-broker ended" in said.splitlines()[-1], said


def test_a_port_that_is_taken_ends_it(state):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = serve(state, "--http", address)
        assert f"another program listens at {address}" in said, said


def prepare():
    state = tempfile.mkdtemp(prefix="jinmu.")
    return (state,), lambda failed: shutil.rmtree(state, ignore_errors=True)


def main():
    return 1 if cases.run(globals(), prepare) else 0


if __name__ == "__main__":
    sys.exit(main())
