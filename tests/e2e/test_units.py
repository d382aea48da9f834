#!/usr/bin/python3
"""The units of deploy/systemd: they are well-formed and hardened, and the daemons do their work under
the system call filter and the ban on writable code that the units set. Prints its results as cmocka
does, for tests/run.sh to count."""
import ctypes
import ctypes.util
import errno
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import cases

BIN = os.path.abspath(os.environ.get("JINMU_BIN", "build/bin"))
UNITS = "deploy/systemd"
NAMES = ("jinmu-broker.service", "jinmu-collector.service", "jinmu-worker@.service",
         "jinmu-postman.service", "jinmu-gateway.service")
MOST_EXPOSURE = 2.0
TIMEOUT_S = 60
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 1, 38, 65
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True).stdout


def settings(name, setting):
    with open(os.path.join(UNITS, name), encoding="utf-8") as file:
        lines = [line.rstrip("\n").partition("=") for line in file]
    return [value for key, _, value in lines if key == setting]


def units_for_this_build(folder):
    """Copies that name the programs of this build, so that they are there."""
    paths = []
    for name in NAMES:
        with open(os.path.join(UNITS, name), encoding="utf-8") as file:
            text = file.read().replace("/usr/local/bin", BIN)
        paths.append(os.path.join(folder, name.replace("@", "@1")))
        with open(paths[-1], "w", encoding="utf-8") as file:
            file.write(text)
    return paths


def test_units_are_well_formed_and_hardened():
    if not shutil.which("systemd-analyze"):
        raise cases.Skipped("no systemd-analyze")
    folder = tempfile.mkdtemp(prefix="jinmu.")
    try:
        paths = units_for_this_build(folder)
        complaints = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *paths)
        assert not [line for line in complaints.splitlines() if "jinmu" in line], complaints
        for path in paths:
            verdict = run("systemd-analyze", "security", "--offline=true", "--no-pager", path)
            exposure = float(verdict.strip().splitlines()[-1].split(": ")[1].split()[0])
            assert exposure < MOST_EXPOSURE, verdict
    finally:
        shutil.rmtree(folder)


def system_call_sets():
    sets, current = {}, None
    for line in run("systemd-analyze", "syscall-filter", "--no-pager").splitlines():
        if line.startswith("@"):
            current = sets.setdefault(line.strip(), [])
        elif line.startswith("    ") and current is not None and line.strip()[:1] != "#":
            current.append(line.strip())

    def expand(name):
        if not name.startswith("@"):
            return {name}
        return set().union(*(expand(part) for part in sets[name]))
    return expand


def allowed_calls(name):
    expand, allowed = system_call_sets(), set()
    for value in settings(name, "SystemCallFilter"):
        calls = set().union(*(expand(part) for part in value.lstrip("~").split()))
        allowed = allowed - calls if value.startswith("~") else allowed | calls
    return allowed


def confine(name):
    """What systemd would do, between fork and exec."""
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    calls = [seccomp.seccomp_syscall_resolve_name(call.encode()) for call in allowed_calls(name)]
    no_code = "yes" in settings(name, "MemoryDenyWriteExecute")
    libc = ctypes.CDLL(None)

    def apply():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if no_code:
            libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)  # from Linux 6.3 on
        context = ctypes.c_void_p(seccomp.seccomp_init(REFUSE))
        for call in calls:
            if call >= 0:
                assert seccomp.seccomp_rule_add_array(context, ALLOW, call, 0, None) == 0
        assert seccomp.seccomp_load(context) == 0
    return apply


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(name, state):
    command, = settings(name, "ExecStart")
    command = command.replace("/usr/local/bin", BIN).replace("/var/lib/jinmu", state).split()
    log = os.path.join(state, name + ".log")
    # LeakSanitizer looks for leaks through ptrace, which the filter rightly refuses.
    environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    with open(log, "w", encoding="utf-8") as file:
        daemon = subprocess.Popen(command, stderr=file, env=environment, preexec_fn=confine(name))
    deadline = time.monotonic() + TIMEOUT_S
    while True:
        with open(log, encoding="utf-8") as file:
            text = file.read()
        if "_ready" in text:
            return daemon
        assert daemon.poll() is None and time.monotonic() < deadline, text
        time.sleep(0.02)


def check_gateway(port, token):
    """It is let at all that it needs: the services, the rules' patterns, another program for PDF."""
    def ask(method, path, body=None, kind=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
        connection.request(method, "/api/v1" + path, body,
                           {"Authorization": "Bearer " + token, "Content-Type": kind or ""})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text
    assert ask("GET", "/readyz")[0] == 200
    status, text = ask("GET", "/catalog/rules")
    assert status == 200 and "amount.cap_mismatch" in text, text
    status, text = ask("POST", "/documents?name=a.pdf", b"%PDF-1.4\nnothing", "application/pdf")
    assert status == 422 and ("no_pdftotext" in text) == (not shutil.which("pdftotext")), text


def test_daemons_work_under_their_units_filters():
    if not shutil.which("systemd-analyze"):
        raise cases.Skipped("no systemd-analyze")
    try:
        ctypes.CDLL("libseccomp.so.2")
    except OSError:
        raise cases.Skipped("no libseccomp") from None
    state = tempfile.mkdtemp(prefix="jinmu.")
    daemons = []
    try:
        broker, collector, events, page = free_ports(4)
        with open(os.path.join(state, "jinmu.zpl"), "w", encoding="ascii") as file:
            file.write(f"broker\n    endpoint = tcp://127.0.0.1:{broker}\n"
                       f"collector\n    endpoint = tcp://127.0.0.1:{collector}\n"
                       f"    events = tcp://127.0.0.1:{events}\n"
                       f"http\n    listen = 127.0.0.1:{page}\n")
        os.chmod(os.path.join(state, "jinmu.zpl"), 0o600)
        jinmu = os.path.join(BIN, "jinmu")
        run(jinmu, "catalog", "list", "--state", state)
        for role in ("worker", "admin"):
            run(jinmu, "keygen", role, role, "--state", state)
        for name in NAMES:
            daemons.append(start(name, state))
        projects = os.path.join(state, "projects.jsonl")
        with open(projects, "w", encoding="utf-8") as file:
            for i in range(300):
                file.write(json.dumps({"id": f"p{i}", "name": "会计报表审计服务",
                                       "amount_yuan": 500000}) + "\n")
        results = run(jinmu, "submit", "--wait", "--state", state, projects)
        assert len(results.splitlines()) == 300, results
        check_gateway(page, json.loads(run(jinmu, "tokens", "add", "test", "--role", "admin",
                                           "--json", "--state", state))["token"])
        for daemon in reversed(daemons):
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(TIMEOUT_S) == 0
    finally:
        for daemon in daemons:
            daemon.kill()
            daemon.wait()
        shutil.rmtree(state)


def main():
    return 1 if cases.run(globals()) else 0


if __name__ == "__main__":
    sys.exit(main())
