#!/usr/bin/python3
"""What counts of a project when it was judged more than once: after a revision is switched back, after a
unit takes a change back, while others review, and when two units number their projects alike."""
import ctypes
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile

import cases

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
JINMU = os.path.join(ROOT, os.environ.get("JINMU_BIN", "build/bin"), "jinmu")
OLD, NEW = "晋财综〔2021〕63号", "测综〔2026〕7号"
NAMES = ("社区养老服务", "河道保洁养护服务", "校园保安服务", "档案整理服务")
DEPARTMENTS = ("民政", "水利", "教育", "文物")


class Services:
    """`jinmu serve` on a state with a new revision, whose items are those of the old one."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="jinmu.")
        self.state = os.path.join(self.folder, "state")
        self.environment = dict(os.environ, JINMU_STATE=self.state)
        csv = os.path.join(ROOT, "catalog/data/revisions", OLD + ".csv")
        self.jinmu("catalog", "import", csv, "--revision", NEW, "--effective", "2026-01-01")
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.serve = subprocess.Popen(
            [JINMU, "serve", "--workers", "2"], env=self.environment, stdout=subprocess.PIPE,
            stderr=self.log, text=True,
            preexec_fn=lambda: ctypes.CDLL(None).prctl(1, signal.SIGTERM))
        assert self.serve.stdout.readline().startswith("ready")

    def jinmu(self, *arguments, text=None, status=0):
        done = subprocess.run([JINMU, *arguments], env=self.environment, input=text, text=True,
                              capture_output=True, timeout=120, check=False)
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def submit(self, projects):
        lines = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in projects)
        self.jinmu("submit", "--wait", "-", text=lines)

    def results(self, project):
        """In the order in which they were told: the last one counts."""
        return [json.loads(line) for line in self.jinmu("results", project).splitlines()]

    def stored(self):
        status = json.loads(self.jinmu("status", "--json"))
        return status["collector"]["results"]

    def close(self):
        self.serve.send_signal(signal.SIGTERM)
        assert self.serve.wait(timeout=120) == 0
        self.serve.stdout.close()
        self.log.close()
        shutil.rmtree(self.folder)


def project(number, series, **members):
    kind = number % len(NAMES)
    return dict({"id": f"{series}-{number}", "catalog": OLD, "unit": f"某市{DEPARTMENTS[kind]}局",
                 "department": DEPARTMENTS[kind], "name": NAMES[kind], "amount_yuan": 10000,
                 "description": f"第{number}号，委托专业机构承担{NAMES[kind]}，按年度考核后支付。"},
                **members)


def judged(output):
    return int(re.search(r"重判 (\d+) 个项目", output)[1])


def unjudged(output):
    """The total of what could not be judged: the last column but one."""
    totals = next(line for line in output.splitlines() if line.startswith("合计"))
    return int(totals.split()[-2])


def test_the_way_back_makes_the_old_results_count_again(services):
    services.submit(project(number, "back") for number in range(100))
    services.jinmu("reclassify", "--to", NEW)
    assert [one["catalog"] for one in services.results("back-7")] == [OLD, NEW]
    stored = services.stored()
    assert "合计" in services.jinmu("reclassify", "--to", OLD, "--dry-run")
    assert services.results("back-7")[-1]["catalog"] == NEW
    back = services.jinmu("reclassify", "--to", OLD)
    assert judged(back) == 100 and unjudged(back) == 0, back
    for number in range(100):
        assert [one["catalog"] for one in services.results(f"back-{number}")] == [NEW, OLD]
    assert services.stored() == stored
    again = services.jinmu("reclassify", "--to", OLD)
    assert judged(again) == 0 and "没有变化" in again, again
    forth = services.jinmu("reclassify", "--to", NEW)
    assert judged(forth) == 100, forth
    assert services.results("back-7")[-1]["catalog"] == NEW


def test_a_change_that_its_unit_took_back_does_not_count(services):
    first, other = project(1, "undo"), project(1, "undo", amount_yuan=20000)
    services.submit([first])
    services.submit([other])
    events = [one["event"] for one in services.results("undo-1")]
    services.submit([first])
    after = [one["event"] for one in services.results("undo-1")]
    assert len(after) == 2 and after[0] == events[1] and after[1] > events[1], (events, after)
    services.submit([first])
    assert [one["event"] for one in services.results("undo-1")] == after
    services.jinmu("reclassify", "--to", NEW)  # judges what counts, and that alone
    assert sorted(one["catalog"] for one in services.results("undo-1")) == sorted([OLD, OLD, NEW])


def test_a_text_that_comes_during_a_run_is_not_overridden_by_the_one_before(services):
    services.submit(project(number, "late") for number in range(3))
    services.jinmu("reclassify", "pause")
    run = start_run(services)
    assert select.select([run.stdout], [], [], 30)[0]
    assert "已暂停" in run.stdout.readline()  # it has read the projects
    services.submit([project(1, "late", amount_yuan=20000)])
    services.jinmu("reclassify", "resume")
    run.communicate(timeout=120)
    assert [one["catalog"] for one in services.results("late-0")] == [OLD, NEW]
    assert [one["catalog"] for one in services.results("late-1")] == [OLD, OLD]
    assert judged(services.jinmu("reclassify", "--to", NEW)) == 1
    assert [one["catalog"] for one in services.results("late-1")] == [OLD, OLD, NEW]


def test_projects_of_two_units_with_one_number_are_both_judged(services):
    services.submit([project(3, "same", unit="甲市民政局"), project(3, "same", unit="乙市民政局")])
    services.jinmu("reclassify", "--to", NEW)
    assert [one["catalog"] for one in services.results("same-3")] == [OLD, OLD, NEW, NEW]


def review(services, number):
    decided = {"id": f"review-{number}", "project": project(number, "other", name=f"夜校{number}"),
               "catalog": OLD, "decision": "correct", "department": "民政", "code": "A040302",
               "reviewer": "张", "time": "2026-01-01T00:00:00Z"}
    services.jinmu("reviews", "add", "-", text=json.dumps(decided, ensure_ascii=False))


def start_run(services, *options):
    return subprocess.Popen([JINMU, "reclassify", "--to", NEW, *options], text=True,
                            env=services.environment, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT)


def await_throttled(run):
    """Its first batch is judged then, and the second waits for its time."""
    for line in run.stdout:
        if "限速" in line:
            return
    raise AssertionError("the run was over")


def test_reviews_during_a_run_leave_nothing_unjudged(services):
    services.jinmu("reclassify", "--to", NEW)
    services.submit(project(number, "live") for number in range(60))
    run = start_run(services, "--rate", "12")
    await_throttled(run)
    run.send_signal(signal.SIGSTOP)
    review(services, 1)
    run.send_signal(signal.SIGCONT)
    output = run.communicate(timeout=120)[0]
    assert run.returncode == 0 and unjudged(output) == 0, output
    assert judged(output) == 60, output
    models = {services.results(f"live-{number}")[-1]["model"] for number in (0, 59)}
    assert len(models) == 2, "the review came too late"


def test_a_killed_run_goes_on_where_it_was_after_a_review(services):
    services.submit(project(number, "stop") for number in range(800))
    services.jinmu("reclassify", "--to", NEW)
    review(services, 2)
    before = services.stored()
    run = start_run(services, "--rate", "1")
    await_throttled(run)
    run.kill()
    run.communicate()
    review(services, 3)
    done = services.stored() - before
    output = services.jinmu("reclassify", "--to", NEW)
    assert "接着上次未完成的重判" in output and unjudged(output) == 0, output
    assert services.stored() - before == judged(output) + done, (done, output)
    services.jinmu("reclassify", "report", "--to", NEW)


def main():
    services = Services()
    failed = cases.run_with(globals(), services)
    services.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
