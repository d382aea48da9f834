"""Hosts, as network namespaces with a state directory each, joined by cables. Needs root and iproute2."""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import time

import cases

BIN = os.path.abspath(os.environ.get("JINMU_BIN", "build/bin"))
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

    def start(self, program, ready, *arguments):
        log = open(os.path.join(self.state, program + ".log"), "w", encoding="utf-8")
        self.daemons.append(subprocess.Popen(self.command(program, *arguments), stderr=log,
                                             stdout=subprocess.DEVNULL,
                                             preexec_fn=die_with_parent))
        log.close()
        await_that(lambda: ready in self.log(program) or self.daemons[-1].poll() is not None, program)
        assert ready in self.log(program), self.log(program)

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


def give_key(server, host, role, name):
    """The host makes a key of that role, and the server lets it in."""
    host.jinmu("keygen", role, name)
    server.jinmu("keys", "add", role, host.public(name))


def know_server(server, host):
    """The host learns whom it is to find at the server's endpoints."""
    for role in ("broker", "collector"):
        host.jinmu("keys", "add", role, server.public(role))


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
