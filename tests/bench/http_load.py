#!/usr/bin/python3
"""The HTTP service under wrk: requests a second and latencies of GET /results/{number} and POST /check,
beside nginx that gives a file of the same size, on the same machine in the same run."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
os.environ["JINMU_BIN"] = os.path.join(sys.argv[1], "bin")
from http_world import Client, World, free_port, project  # pylint: disable=wrong-import-position

SECONDS, CONNECTIONS = 5, 16


def wrk(url, *options):
    """Requests a second, p50 and p99 in ms; fails when an answer is no 2xx."""
    done = subprocess.run(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--latency", *options,
                           url], stdout=subprocess.PIPE, text=True, check=True, timeout=60)
    assert "Non-2xx" not in done.stdout and "Socket errors" not in done.stdout, done.stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout).group(1))
    factors = {"us": 0.001, "ms": 1, "s": 1000}
    times = [float(re.search(rf"{q}%\s+([\d.]+)", done.stdout).group(1)) *
             factors[re.search(rf"{q}%\s+[\d.]+(\w+)", done.stdout).group(1)] for q in (50, 99)]
    return rate, *times


def print_row(name, size, figures):
    print(f"  {name:<34} {size:>8} bytes {figures[0]:>9.0f} /s   p50 {figures[1]:6.2f} ms"
          f"   p99 {figures[2]:6.2f} ms", flush=True)


def await_port(port):
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def measure_nginx(folder, body):
    port = free_port()
    with open(os.path.join(folder, "file.json"), "wb") as file:
        file.write(body)
    config = os.path.join(folder, "nginx.conf")
    with open(config, "w", encoding="ascii") as file:
        file.write(f"daemon off; master_process off; error_log stderr error;"
                   f" pid {folder}/nginx.pid;\nevents {{ }}\n"
                   f"http {{ access_log off; client_body_temp_path {folder}/body;"
                   f" server {{ listen 127.0.0.1:{port}; root {folder}; }} }}\n")
    with subprocess.Popen(["/usr/sbin/nginx", "-p", folder, "-c", config]) as nginx:
        await_port(port)
        figures = wrk(f"http://127.0.0.1:{port}/file.json")
        nginx.terminate()
    return figures


def measure(world, folder):
    token = ("-H", "Authorization: Bearer " + world.token)
    client = Client(world, token=world.token)
    client.ask("POST", "/projects", project(1), {"Prefer": "wait=20"})
    number = client.get("/projects/P-1")["results"][0]["number"]
    base = f"http://127.0.0.1:{world.port}/api/v1"
    stored = client.ask("GET", f"/results/{number}").body
    checked = client.ask("POST", "/check", project(2)).body
    script = os.path.join(folder, "check.lua")
    with open(script, "w", encoding="utf-8") as file:
        file.write('wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
                   f"wrk.body = [==[{json.dumps(project(2), ensure_ascii=False)}]==]\n")
    print(f"HTTP, {CONNECTIONS} connections, {SECONDS} s each, one worker")
    print_row("GET /results/{number}", len(stored), wrk(f"{base}/results/{number}", *token))
    print_row("nginx, a file of that size", len(stored), measure_nginx(folder, stored))
    print_row("POST /check", len(checked), wrk(f"{base}/check", "-s", script, *token))
    print_row("nginx, a file of that size", len(checked), measure_nginx(folder, checked))


def main():
    world, folder = World(), tempfile.mkdtemp(prefix="jm-bench-")
    os.chmod(folder, 0o755)  # nginx' worker may be another user
    try:
        measure(world, folder)
    finally:
        shutil.rmtree(folder)
        world.close()


main()
