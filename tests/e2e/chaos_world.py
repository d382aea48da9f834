"""The services of a chaos run: broker, collector and workers as processes that are started again when
they end, and cables between them that can be cut."""
import asyncio
import ctypes
import os
import resource
import signal
import subprocess
import threading
import time

BIN = os.environ.get("JINMU_BIN", "build/bin")
START_S = 60


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Cable:
    """A local socket that passes bytes on to another one, both ways, until it is cut."""

    def __init__(self, path, target):
        self.path, self.target = path, target
        self.links = set()
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        threading.Thread(target=self.run, args=(started,), daemon=True).start()
        started.wait()

    def run(self, started):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_unix_server(self.link, self.path))
        self.loop.call_soon(started.set)
        self.loop.run_forever()

    async def link(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_unix_connection(self.target)
        except OSError:
            writer.close()
            return
        pair = (writer, far_writer)
        self.links.add(pair)
        await asyncio.wait(
            [asyncio.ensure_future(self.copy(reader, far_writer)),
             asyncio.ensure_future(self.copy(far_reader, writer))],
            return_when=asyncio.FIRST_COMPLETED)
        self.links.discard(pair)
        for end in pair:
            end.transport.abort()

    @staticmethod
    async def copy(reader, writer):
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass

    def cut(self, choose):
        """Cuts those connections for which choose() is true; how many."""
        def cut_links():
            chosen = [pair for pair in self.links if choose()]
            for pair in chosen:
                for end in pair:
                    end.transport.abort()
            count.append(len(chosen))
            done.set()
        count, done = [], threading.Event()
        self.loop.call_soon_threadsafe(cut_links)
        done.wait()
        return count[0]


class Program:
    """One of our programs. It is started again when it ends; an end that nobody caused is a fault."""

    def __init__(self, name, arguments, log):
        self.name, self.arguments, self.log = name, arguments, log
        self.killed = False
        self.faults = []
        self.start()

    def start(self):
        self.killed = False
        self.process = subprocess.Popen([os.path.join(BIN, self.arguments[0])] + self.arguments[1:],
                                        stdout=self.log, stderr=self.log,
                                        preexec_fn=die_with_parent)

    def tend(self):
        status = self.process.poll()
        if status is None:
            return
        if not self.killed:
            self.faults.append(f"{self.name} ended with {status}")
        self.start()

    def kill(self):
        self.killed = True
        self.process.kill()

    def signal(self, number):
        self.process.send_signal(number)

    def limit_files(self, size):
        try:
            _, hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, hard))
        except ProcessLookupError:
            pass

    def stop(self):
        """Ends it as an operator does; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        return self.process.wait(60)


class World:
    def __init__(self, state, workers):
        self.state = state
        self.log = open(os.path.join(state, "log"), "ab")
        self.catalog()
        self.to_broker = Cable(self.path("cable-b"), self.path("broker.sock"))
        self.to_collector = Cable(self.path("cable-c"), self.path("collector.sock"))
        self.endpoint = f"ipc://{self.path('cable-b')}"
        self.broker = self.program("broker", ["jinmu-broker"])
        self.collector = self.program("collector", ["jinmu-collector"])
        self.workers = []
        self.faults = []
        self.set_workers(workers)

    def path(self, name):
        return os.path.join(self.state, name)

    def catalog(self):  # the first look at it makes it
        subprocess.run([os.path.join(BIN, "jinmu"), "catalog", "list", "--state", self.state],
                       check=True, stdout=self.log, stderr=self.log)

    def program(self, name, arguments):
        return Program(name, arguments + ["--state", self.state], self.log)

    def set_workers(self, count):
        while len(self.workers) < count:
            self.workers.append(self.program("worker", [
                "jinmu-worker", "--broker", self.endpoint,
                "--collector", f"ipc://{self.path('cable-c')}"]))
        while len(self.workers) > count:
            worker = self.workers.pop()
            worker.stop()
            self.faults += worker.faults

    def programs(self):
        return [self.broker, self.collector] + self.workers

    def tend(self):
        for program in self.programs():
            program.tend()

    def all_faults(self):
        return self.faults + [fault for program in self.programs() for fault in program.faults]

    def await_log(self, text, times):
        deadline = time.monotonic() + START_S
        while open(self.path("log"), "rb").read().count(text.encode()) < times:
            assert time.monotonic() < deadline, f"no '{text}' in the log"
            self.tend()
            time.sleep(0.01)

    def stop(self):
        """Ends all in the order of an operator; their exit statuses."""
        return [program.stop() for program in self.workers + [self.broker, self.collector]]

    def kill(self):
        for program in self.programs():
            program.kill()
            program.process.wait()
        self.log.close()
