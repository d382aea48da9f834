#!/usr/bin/python3
"""What an operator or keeper is told when something stands in the way: once, with what to do, and before
the work rather than after it."""
import ctypes
import json
import os
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

import cases

JINMU = os.path.join(os.path.abspath(os.environ.get("JINMU_BIN", "build/bin")), "jinmu")
OLD = "晋财综〔2021〕63号"


def first_line(stream):
    assert select.select([stream], [], [], 30)[0], "nothing was said for 30 seconds"
    return stream.readline()


class Services:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="jinmu.")
        self.state = os.path.join(self.folder, "state")
        self.environment = dict(os.environ, JINMU_STATE=self.state)
        self.log = os.path.join(self.folder, "log")
        self.serve = None

    def start(self, **settings):
        with open(self.log, "wb") as log:
            self.serve = subprocess.Popen(
                [JINMU, "serve", "--workers", "1"], env=dict(self.environment, **settings),
                stdout=subprocess.PIPE, stderr=log, text=True,
                preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGTERM))
        assert self.serve.stdout.readline().startswith("ready")

    def stop(self):
        if self.serve:
            self.serve.send_signal(signal.SIGTERM)
            assert self.serve.wait(timeout=120) == 0
            self.serve.stdout.close()
        self.serve = None

    def logged(self):
        with open(self.log, encoding="utf-8") as log:
            return log.read()

    def process(self, program):
        """The pid of one that serve has started."""
        line = next(line for line in self.logged().splitlines()
                    if "program_started" in line and program in line)
        return int(line.rsplit("pid=", 1)[1])

    def jinmu(self, *arguments, text=None, status=0):
        done = subprocess.run([JINMU, *arguments], env=self.environment, input=text, text=True,
                              capture_output=True, timeout=120, check=False)
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def begin(self, *arguments):
        return subprocess.Popen([JINMU, *arguments], env=self.environment, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def submit(self, count, **members):
        lines = (json.dumps(dict({"id": f"t-{number}", "catalog": OLD, "unit": "某市民政局",
                                  "department": "民政", "name": "社区养老服务",
                                  "description": f"第{number}号"}, **members), ensure_ascii=False)
                 for number in range(count))
        self.jinmu("submit", "--wait", "-", text="\n".join(lines))


def test_lists_that_cannot_be_written_are_left_alone_for_a_while(services):
    services.start()
    services.submit(1)
    services.stop()
    database = sqlite3.connect(os.path.join(services.state, "results.db"))
    database.execute("CREATE TRIGGER full BEFORE INSERT ON listed BEGIN"
                     " SELECT raise(ABORT, 'as if the disk were full'); END")
    database.close()
    services.start()
    started = time.monotonic()
    for number in range(10):
        services.submit(2, unit=f"{number}局")
        time.sleep(0.05)
    deadline = started + 120
    while "listing_failed" not in services.logged():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)  # in which it would try again fifty times
    tries = services.logged().count("listing_failed")
    assert tries <= 2 + (time.monotonic() - started) / 5, services.logged()[-2000:]


def refuse_rows(services, database, table, message):
    connection = sqlite3.connect(os.path.join(services.state, database))
    connection.execute(f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN"
                       f" SELECT raise(ABORT, '{message}'); END")
    connection.close()


def take_rows(services, database):
    connection = sqlite3.connect(os.path.join(services.state, database))
    connection.execute("DROP TRIGGER full")
    connection.commit()
    connection.close()


def await_that(services, condition):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, services.logged()[-2000:]
        time.sleep(0.05)


def store_failures(services):
    return json.loads(services.jinmu("status", "--json"))["collector"]["store_failures"]


def test_results_that_cannot_be_written_are_told_once_and_stored_later(services):
    services.start()
    services.submit(1)
    services.stop()
    refuse_rows(services, "results.db", "result", "as if the disk were full")
    services.start()
    services.jinmu("submit", "--bulk", "-", text='{"id":"waits","name":"社区养老服务"}')
    await_that(services, lambda: store_failures(services) >= 3)  # it goes on trying
    assert "RESULTS CANNOT BE WRITTEN" in services.jinmu("status")
    assert "\njinmu_results_writable 0\n" in services.jinmu("status", "--metrics")
    assert "[错误] 结果库无法写入" in services.jinmu("doctor", status=1)
    for event in ("store_failed", "batch_refused", "batches_sent_again"):
        assert services.logged().count(event) <= 1, services.logged()[-2000:]
    services.stop()
    take_rows(services, "results.db")
    services.start()
    await_that(services, lambda: "waits" in services.jinmu("results", "waits"))
    assert "CANNOT BE WRITTEN" not in services.jinmu("status")


def test_a_spool_that_cannot_be_written_is_told_for_as_long(services):
    services.start()
    services.submit(1)
    services.stop()
    refuse_rows(services, "spool.db", "job", "as if the disk were full")
    services.start()
    path = os.path.join(services.folder, "one.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.write('{"name":"河道保洁养护服务"}\n')
    waiting = services.begin("submit", path)
    said = first_line(waiting.stderr)
    waiting.kill()
    waiting.communicate()
    assert "cannot be written now" in said, said
    time.sleep(1.5)  # after a second it would try again, if somebody asked
    assert "SPOOL CANNOT BE WRITTEN" in services.jinmu("status")
    assert "[错误] 任务库无法写入" in services.jinmu("doctor", status=1)
    assert services.logged().count("commit_failed") == 1
    services.stop()
    take_rows(services, "spool.db")
    services.start()
    services.submit(1)


def test_no_more_is_begun_than_the_spool_can_be_told_of(services):
    """What is done waits in memory for the spool to be written."""
    services.start()
    for number in range(40):
        services.jinmu("submit", "--bulk", "--delay", "600", "-",
                       text=json.dumps({"id": f"s-{number}", "name": "社区养老服务"}))
    services.stop()
    connection = sqlite3.connect(os.path.join(services.state, "spool.db"))
    connection.execute("UPDATE job SET due = 0")
    connection.commit()
    connection.close()
    refuse_rows(services, "spool.db", "body", "as if the disk were full")  # of an answer
    services.start()

    def broker():
        return json.loads(services.jinmu("status", "--json"))["broker"]

    await_that(services, lambda: broker()["commits"]["failed"] >= 2)  # one a second
    done = broker()["totals"]["done"]
    await_that(services, lambda: broker()["commits"]["failed"] >= 6)
    assert broker()["totals"]["done"] <= done + 2, (done, broker()["totals"])
    services.stop()
    take_rows(services, "spool.db")
    services.start()
    await_that(services, lambda: broker()["spool"]["unfinished"] == 0)


def test_submit_says_what_it_waits_for(services):
    services.start(JINMU_BROKER_MAX_JOBS="1")
    worker = services.process("jinmu-worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        services.jinmu("submit", "--bulk", "-", text='{"name":"社区养老服务"}')
        path = os.path.join(services.folder, "one.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"name":"河道保洁养护服务"}\n')
        waiting = services.begin("submit", path)
        said = first_line(waiting.stderr)
        assert said.startswith("submit: the queue takes no more now"), said
    finally:
        os.kill(worker, signal.SIGCONT)
    receipt, rest = waiting.communicate(timeout=120)
    assert "receipt" in receipt and rest == "" and waiting.returncode == 0, (receipt, rest)


def test_a_receipt_is_printed_when_it_comes_not_at_the_end(services):
    services.start(JINMU_BROKER_MAX_JOBS="1")
    worker = services.process("jinmu-worker")
    os.kill(worker, signal.SIGSTOP)
    try:
        path = os.path.join(services.folder, "two.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.write('{"name":"河道保洁养护服务"}\n' * 257)  # two requests, of which one has room
        submitting = services.begin("submit", "--bulk", path)
        receipt = json.loads(first_line(submitting.stdout))["receipt"]
        submitting.kill()
        submitting.communicate()
    finally:
        os.kill(worker, signal.SIGCONT)
    assert len(receipt) == 32


def test_output_that_cannot_be_written_is_told(services):
    services.start()
    services.submit(1)
    with open("/dev/full", "wb") as full:
        failed = subprocess.run([JINMU, "results"], env=services.environment, stdout=full,
                                stderr=subprocess.PIPE, text=True, check=False)
    assert failed.returncode == 2 and "the output could not be written" in failed.stderr, failed


def test_a_run_that_is_paused_says_so_and_a_second_one_is_told_of_it(services):
    services.start()
    services.submit(3, catalog="晋财综〔2025〕28号")
    services.jinmu("reclassify", "pause")
    run = services.begin("reclassify", "--to", OLD)
    assert "jinmu reclassify resume" in first_line(run.stderr)
    said = services.jinmu("reclassify", "--to", OLD, status=2)
    assert services.state in said and "等它结束" in said, said
    services.jinmu("reclassify", "resume")
    run.communicate(timeout=120)
    assert run.returncode == 0


def test_slips_are_told_before_the_work(services):
    services.start()
    services.submit(2)
    for said, *arguments in (
            ("没有部门“民政局”", "reclassify", "--to", "28号", "--department", "民政局"),
            ("/nowhere/report.html", "reclassify", "--to", "28号", "--html", "/nowhere/report.html"),
            ("/nowhere/report.xlsx", "reclassify", "--to", "28号", "--xlsx", "/nowhere/report.xlsx"),
            ("都没有部门“民政局”", "catalog", "diff", "63号", "28号", "-d", "民政局"),
            ("没有部门“民政局”", "catalog", "propose", "-d", "民政局"),
            ("是同一个", "catalog", "map", "propose", "63号", OLD)):
        assert said in services.jinmu(*arguments, status=2), arguments
    assert not os.path.exists(os.path.join(services.state, "reclassify.json"))  # no run had begun


def test_a_mark_before_utf_8_is_passed_over(services):
    services.start()
    shown = services.jinmu("submit", "--wait", "-", text='\ufeff{"name":"社区养老服务"}\n')
    assert "candidates" in shown, shown


def test_a_department_in_other_brackets_is_the_same(services):
    services.start()
    for catalog in ("晋财综〔2021〕63号", "晋财综〔2025〕28号"):
        services.submit(1, id=catalog, catalog=catalog, unit="某市人民政府办公室",
                        department="人民政府办公厅(室)", name="省政府驻外办事处招商引资平台搭建与维护服务")
    rows = services.jinmu("reclassify", "--to", "28号", "--dry-run").splitlines()
    assert sum(row.startswith("人民政府办公厅") for row in rows) == 1, rows
    for brackets in ("(室)", "（室）"):
        shown = services.jinmu("catalog", "diff", "63号", "28号", "-d", "人民政府办公厅" + brackets)
        assert any(row.startswith("人民政府办公厅") for row in shown.splitlines()), shown


def prepare():
    services = Services()

    def finish(failed):
        if failed:
            print(services.logged()[-3000:])
        services.stop()
        shutil.rmtree(services.folder)
    return (services,), finish


def main():
    return 1 if cases.run(globals(), prepare) else 0


if __name__ == "__main__":
    sys.exit(main())
