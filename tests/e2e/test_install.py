#!/usr/bin/python3
"""`make install` into a staging folder: what is moved from there to its place, as a package manager does,
works without the tree that it was built in. Prints its results as cmocka does, for tests/run.sh to count."""
import ctypes
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

import cases

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.dirname(os.environ.get("JINMU_BIN", "build/bin"))
TIMEOUT_S = 60
PR_SET_PDEATHSIG = 1
PROGRAMS = ["jinmu"] + ["jinmu-" + name for name in
                        ("broker", "collector", "gateway", "postman", "worker")]
UNITS = ["jinmu-broker.service", "jinmu-collector.service", "jinmu-gateway.service",
         "jinmu-postman.service", "jinmu-worker@.service"]


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, timeout=600, **more)
    assert done.returncode == 0, (command, done.returncode, done.stdout)
    return done.stdout


class Installed:
    """A prefix of its own, made by way of a staging folder; `made` is what was put there."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="jinmu.")
        self.prefix = os.path.join(self.folder, "usr")
        self.stage = os.path.join(self.folder, "stage")
        mask = os.umask(0o077)  # what is installed is for everybody all the same
        try:
            run("make", "-s", "install-files", "BUILD=" + BUILD, "DESTDIR=" + self.stage,
                "PREFIX=" + self.prefix, cwd=ROOT)
        finally:
            os.umask(mask)
        assert not os.path.exists(self.prefix), "nothing is put outside the staging folder"
        os.rename(self.stage + self.prefix, self.prefix)
        shutil.rmtree(self.stage)
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.state, 0o700)

    def path(self, *names):
        return os.path.join(self.prefix, *names)

    def command(self, *arguments):
        """The installed jinmu; where we may hide it, the tree that it was built in cannot be seen."""
        command = [self.path("bin", "jinmu"), *arguments, "--state", self.state]
        if os.geteuid() or subprocess.run(["unshare", "-m", "true"], check=False,
                                          capture_output=True).returncode:
            return command
        hide = f'mount -t tmpfs none "{ROOT}" && exec "$@"'
        return ["unshare", "-m", "sh", "-c", hide, "sh", *command]

    def environment(self):
        return {**{name: value for name, value in os.environ.items() if "JINMU" not in name},
                "HOME": self.folder}

    def jinmu(self, *arguments, **more):
        return run(*self.command(*arguments), cwd=self.folder, env=self.environment(), **more)


def test_what_a_keeper_changed_stays_at_an_upgrade(_):
    with tempfile.TemporaryDirectory(prefix="jinmu.") as folder:
        source, target = os.path.join(folder, "new"), os.path.join(folder, "share")
        labels = os.path.join(target, "labels", "one.csv")

        def install(rows):
            os.makedirs(os.path.join(source, "labels"), exist_ok=True)
            for name, text in (("labels/one.csv", rows), ("kinds.csv", rows)):
                with open(os.path.join(source, name), "w", encoding="utf-8") as file:
                    file.write(text)
            return run(os.path.join(ROOT, "deploy", "install-data.sh"), source, target)

        def text_of(path):
            with open(path, encoding="utf-8") as file:
                return file.read()

        assert install("first\n") == "" and text_of(labels) == "first\n"
        with open(labels, "a", encoding="utf-8") as file:
            file.write("the keeper's\n")
        with open(os.path.join(target, "labels", "own.csv"), "w", encoding="utf-8") as file:
            file.write("own\n")
        told = install("second\n")
        assert labels + " was changed and stays" in told and "kinds" not in told, told
        assert text_of(labels) == "first\nthe keeper's\n"
        assert text_of(labels + ".new") == "second\n"
        assert text_of(os.path.join(target, "kinds.csv")) == "second\n"
        assert text_of(os.path.join(target, "labels", "own.csv")) == "own\n"
        os.rename(labels + ".new", labels)  # the keeper takes the new one
        assert install("third\n") == "" and text_of(labels) == "third\n"
        assert not os.path.exists(labels + ".new")


def test_everybody_can_read_what_is_installed(installed):
    assert sorted(os.listdir(installed.path("bin"))) == PROGRAMS
    for folder, _, names in os.walk(installed.prefix):
        for name in names:
            mode = os.stat(os.path.join(folder, name)).st_mode & 0o777
            wanted = 0o755 if folder == installed.path("bin") else 0o644
            assert mode == wanted, (folder, name, oct(mode))
        if folder != installed.prefix:  # the staging folder's own part, made by make
            assert os.stat(folder).st_mode & 0o777 == 0o755, folder
    for name in ("page/index.html", "rules", "revisions.csv", "model.txt", "jinmu.zpl.example"):
        assert os.path.exists(installed.path("share", "jinmu", name)), name
    assert os.path.exists(installed.path("lib", "sysusers.d", "jinmu.conf"))


def test_units_name_the_installed_programs(installed):
    folder = installed.path("lib", "systemd", "system")
    assert sorted(os.listdir(folder)) == UNITS
    for name in UNITS:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read()
        assert installed.path("bin", "jinmu") in text and "/usr/local" not in text, text
        assert installed.stage not in text, text
    if not shutil.which("systemd-analyze"):
        raise cases.Skipped("no systemd-analyze")
    paths = [os.path.join(folder, name) for name in UNITS]
    complaints = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *paths)
    assert not [line for line in complaints.splitlines() if "jinmu" in line], complaints


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def get(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    assert answer.status == 200, (path, answer.status, text)
    return text


def await_ready(process):
    """Reads what it says until it is ready, and goes on reading, so that it can go on saying it."""
    told = []
    for line in process.stdout:
        told.append(line)
        if line.startswith("ready"):
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return
    raise AssertionError("".join(told))


def test_installed_programs_find_catalog_and_page_and_serve(installed):
    assert "晋财综〔2025〕28号" in installed.jinmu("catalog", "list")
    assert "amount.cap_mismatch" in installed.jinmu("rules", "list")
    port = free_port()
    serve = subprocess.Popen(
        installed.command("serve", "--http", f"127.0.0.1:{port}", "--workers", "1"),
        cwd=installed.folder, env=installed.environment(), text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM))
    try:
        await_ready(serve)
        assert "<script" in get(port, "/")
        with open(installed.path("share", "jinmu", "page", "main.js"), encoding="utf-8") as file:
            assert get(port, "/main.js") == file.read()
        result = installed.jinmu("submit", "--wait", "-", input='{"name":"会计报表审计服务"}\n')
        assert '"decision":' in result, result
        serve.send_signal(signal.SIGTERM)
        assert serve.wait(TIMEOUT_S) == 0
    finally:
        serve.kill()
        serve.wait()


def main():
    installed = Installed()
    try:
        return 1 if cases.run_with(globals(), installed) else 0
    finally:
        shutil.rmtree(installed.folder)


if __name__ == "__main__":
    sys.exit(main())
