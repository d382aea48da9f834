#!/usr/bin/python3
"""Promises 1 and 2 of the design under chaos: while clients hand projects in, processes are killed
(kill -9, one or several at once), stopped for a while, their connections cut and their disks filled.
At the end every project that was acknowledged has exactly one stored result, and the numbers of the
events have no gap.

    chaos.py [--seed N] [--projects N] [--per-strike N] [--every MS] [--seconds N]

There is one strike for every so many projects, and at least so much time between two. The seed decides
what is done in which order; how it falls together with the work, the machine. The last line has the
numbers; the exit status is 0 when nothing was lost, doubled or at fault."""
import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import chaos_client
import chaos_world

BATCH, SLOTS = 25, 40
LEAST_WORKERS, MOST_WORKERS = 2, 4
STOP_S, LONG_STOP_S, FULL_S = 0.3, 6, 0.7
FULL_ROOM = 20000  # bytes that a file may still grow by when the disk is full
KINDS = {"kill_broker": 12, "kill_collector": 13, "kill_worker": 30, "kill_several": 10, "stop": 12,
         "cut": 13, "fill_broker": 3, "fill_collector": 3, "resize": 4}


class Chaos:
    """Does one thing at a time to a world, in the order that a seed decides."""

    def __init__(self, world, seed):
        self.world = world
        self.random = random.Random(seed)
        self.counts = dict.fromkeys(
            ["broker", "collector", "worker", "together", "stops", "cuts", "full", "resized"], 0)
        self.later = []  # (when, what): what was stopped or filled is let go
        self.first = list(KINDS)  # each kind once, then as they come
        self.random.shuffle(self.first)

    def strike(self):
        kind = self.first.pop() if self.first else self.random.choices(
            list(KINDS), KINDS.values())[0]
        getattr(self, kind)()

    def kill_one(self, program):
        if program.process.poll() is None and not program.killed:
            program.kill()
            self.counts[program.name] += 1

    def kill_broker(self):
        self.kill_one(self.world.broker)

    def kill_collector(self):
        self.kill_one(self.world.collector)

    def kill_worker(self):
        self.kill_one(self.random.choice(self.world.workers))

    def kill_several(self):
        programs = self.world.programs()
        for program in self.random.sample(programs, self.random.randint(2, len(programs))):
            self.kill_one(program)
        self.counts["together"] += 1

    def let_go(self, program, number):
        def go():
            if program.process.pid == pid and program.process.poll() is None:
                program.signal(number)
        pid = program.process.pid
        return go

    def stop(self):
        program = self.random.choice(self.world.programs())
        seconds = LONG_STOP_S if self.random.random() < 0.1 else STOP_S
        program.signal(signal.SIGSTOP)
        self.later.append((time.monotonic() + seconds, self.let_go(program, signal.SIGCONT)))
        self.counts["stops"] += 1

    def cut(self):
        cable = self.random.choice([self.world.to_broker, self.world.to_collector])
        self.counts["cuts"] += cable.cut(lambda: self.random.random() < 0.5)

    def fill_broker(self):
        self.fill(self.world.broker, "spool.db-wal")

    def fill_collector(self):
        self.fill(self.world.collector, "results.db-wal")

    def fill(self, program, file):
        path = self.world.path(file)
        room = (os.path.getsize(path) if os.path.exists(path) else 0) + FULL_ROOM
        program.limit_files(room)
        self.later.append((time.monotonic() + FULL_S, lambda: program.limit_files(-1)))
        self.counts["full"] += 1

    def resize(self):
        self.world.set_workers(self.random.randint(LEAST_WORKERS, MOST_WORKERS))
        self.counts["resized"] += 1

    def tend(self):
        now = time.monotonic()
        due = [entry for entry in self.later if entry[0] <= now]
        self.later = [entry for entry in self.later if entry[0] > now]
        for _, let_go in due:
            let_go()
        self.world.tend()

    def end(self):
        for _, let_go in self.later:
            let_go()
        self.later = []

    def kills(self):
        return self.counts["broker"] + self.counts["collector"] + self.counts["worker"]


def examine(state, projects, most=None):
    """Lost and doubled projects and gaps in the numbers of events, read from the database; `most`
    results, when there were other projects too."""
    database = sqlite3.connect(f"file:{state}/results.db?mode=ro", uri=True)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    stored = [row[0] for row in database.execute(
        "SELECT project.id FROM result JOIN project ON project.number = result.project")]
    events = [row[0] for row in database.execute("SELECT number FROM event ORDER BY number")]
    database.close()
    expected = {f"p{number}" for number in range(projects)}
    assert most or set(stored) <= expected, sorted(set(stored) - expected)[:5]
    assert len(set(stored)) <= (most or projects)
    lost = len(expected - set(stored))
    double = len(stored) - len(set(stored))
    gaps = sum(1 for at, number in enumerate(events, 1) if at != number)
    return lost, double, gaps + abs(len(events) - len(stored))


def leftovers(state):
    """Jobs that are still in the spool, by state."""
    database = sqlite3.connect(f"file:{state}/spool.db?mode=ro", uri=True)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    rows = dict(database.execute("SELECT state, count(*) FROM job GROUP BY state"))
    database.close()
    return rows


def drive(chaos, clients, options):
    """Lets the clients work and strikes in between, until all is answered."""
    pauses = random.Random(options.seed)
    begun = next_strike = time.monotonic()
    while not clients.done():
        now = time.monotonic()
        if now - begun > options.seconds:
            raise AssertionError(
                f"{clients.answered} of {clients.projects} answered in {options.seconds} s")
        if now >= next_strike and clients.wants_more():
            chaos.strike()
            clients.allow(options.per_strike)
            next_strike = time.monotonic() + options.every / 1000 * pauses.uniform(0.3, 1.7)
        chaos.tend()
        clients.work(time.monotonic() + 0.02)
    chaos.end()


def report(options, chaos, clients, took, lost, double, gaps, left, faults):
    counts = chaos.counts
    print(f"chaos: seed={options.seed} projects={options.projects} "
          f"acknowledged={clients.acknowledged} seconds={took:.1f} kills={chaos.kills()} "
          f"(broker {counts['broker']}, collector {counts['collector']}, workers "
          f"{counts['worker']}; {counts['together']} times several at once) "
          f"stops={counts['stops']} cuts={counts['cuts']} full_disks={counts['full']} "
          f"resized={counts['resized']} refused={clients.refused} lost={lost} double={double} "
          f"gaps={gaps} left_in_spool={left} faults={faults}")


def run(options):
    """Whether all promises were kept."""
    state = tempfile.mkdtemp(prefix="jinmu.")
    world = chaos_world.World(state, LEAST_WORKERS)
    clients = None
    try:
        world.await_log("broker_ready", 1)
        world.await_log("collector_ready", 1)
        world.await_log("worker_ready", LEAST_WORKERS)
        chaos = Chaos(world, options.seed)
        clients = chaos_client.Clients(world.endpoint, options.projects, BATCH, SLOTS)
        begun = time.monotonic()
        drive(chaos, clients, options)
        took = time.monotonic() - begun
        statuses = world.stop()
        lost, double, gaps = examine(state, options.projects)
        left = leftovers(state)
        faults = world.all_faults() + [f"exit status {status}" for status in statuses if status]
        report(options, chaos, clients, took, lost, double, gaps, left, faults)
        return not (lost or double or gaps or left or faults or chaos.first)
    except BaseException:
        subprocess.run(["tail", "-n", "40", os.path.join(state, "log")], check=False)
        raise
    finally:
        if clients:
            clients.close()
        world.kill()
        if os.environ.get("KEEP"):
            print("kept", state)
        else:
            shutil.rmtree(state)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED", "1")))
    parser.add_argument("--projects", type=int, default=100000)
    parser.add_argument("--per-strike", type=int, default=100)
    parser.add_argument("--every", type=int, default=300, help="milliseconds")
    parser.add_argument("--seconds", type=int, default=1800, help="at most")
    return 0 if run(parser.parse_args()) else 1


if __name__ == "__main__":
    sys.exit(main())
