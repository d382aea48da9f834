#!/usr/bin/python3
"""What becomes of stored projects when departments are reformed: one is renamed, one goes into another, and
some were judged by an excerpt that lacks their department."""
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile

import cases

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
JINMU = os.path.join(ROOT, os.environ.get("JINMU_BIN", "build/bin"), "jinmu")
OLD, EXCERPT, NEW = "晋财综〔2021〕63号", "晋财综〔2025〕28号", "测综〔2027〕7号"
RENAMED, MERGED, INTO, RECODED = "老干部局", "人民法院", "审计", "文物"
ITEM, ITEM_NOW = "体育活动志愿者管理服务", "群众体育助力人员统筹服务"


def revision_rows(path):
    with open(path, encoding="utf-8") as file:
        return [(row["department"], row["code"], row["name"]) for row in csv.DictReader(file)]


def write_revision(path):
    """The old one, but for a department that is called otherwise, one that went into another, and one whose
    items have other codes."""
    rows = revision_rows(os.path.join(ROOT, "catalog/data/revisions", OLD + ".csv"))
    there = {code for department, code, _ in rows if department == INTO}
    new = []
    for department, code, name in rows:
        if department == RENAMED:
            department = "离退休人员管理"
        elif department == RECODED and len(code) == 7:
            code = code[:5] + f"{int(code[5:]) + 40}"
        elif department == MERGED:
            if code in there or not code:
                continue
            department = INTO
        new.append((department, code, ITEM_NOW if name == ITEM else name))
    new.sort()
    with open(path, "w", encoding="utf-8") as file:
        csv.writer(file).writerows([("department", "code", "name"), *new])


class Office:
    def __init__(self, folder):
        self.folder = folder
        self.environment = dict(os.environ, JINMU_STATE=os.path.join(folder, "state"))
        self.path = os.path.join(folder, "new.csv")
        write_revision(self.path)
        self.jinmu("catalog", "import", self.path, "--revision", NEW, "--issued", "2027-01-01",
                   "--effective", "2027-01-01")
        self.log = open(os.path.join(folder, "log"), "wb")
        self.serve = subprocess.Popen([JINMU, "serve", "--workers", "1"], env=self.environment,
                                      stdout=subprocess.PIPE, stderr=self.log, text=True)
        assert self.serve.stdout.readline().startswith("ready")

    def jinmu(self, *arguments, text=None):
        done = subprocess.run([JINMU, *arguments], env=self.environment, input=text, text=True,
                              capture_output=True, timeout=300, check=False)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def submit(self, department, name, catalog):
        project = {"id": name, "catalog": catalog, "department": department, "name": name,
                   "description": f"委托专业机构开展{name}，按年度考核。", "amount_yuan": 10000}
        return json.loads(self.jinmu("submit", "--wait", "-", text=json.dumps(project)))

    def result(self, name):
        return json.loads(self.jinmu("results", name).splitlines()[-1])

    def close(self):
        self.serve.terminate()
        assert self.serve.wait(timeout=60) == 0
        self.serve.stdout.close()
        self.log.close()


def totals(output):
    lines = [line.split() for line in output.splitlines()]
    heads = next(line for line in lines if line and line[0] == "部门")
    values = next(line for line in lines if line and line[0] == "合计")
    return dict(zip(heads[1:], map(int, values[1:])))


def test_projects_follow_their_department(office):
    for department, name in ((RENAMED, "离退休人员养老服务"), (RENAMED, "离退休人员法律援助服务"),
                             (MERGED, "司法调查服务"), (MERGED, "法院新闻宣传服务")):
        assert office.submit(department, name, OLD)["decision"] == "auto", name
    provisional = office.submit(RECODED, "文物保护服务", EXCERPT)["candidates"][0]
    assert provisional["provisional"] and provisional["department"] == RECODED, provisional
    affected = totals(office.jinmu("reclassify", "--to", NEW, "--only-affected", "--dry-run"))
    assert sum(affected.values()) - affected["新增待复核"] == 5, affected
    moved = totals(office.jinmu("reclassify", "--to", NEW))
    assert moved["判断改变"] == 0 and moved["不再列入"] == 0, moved
    for name, department in (("离退休人员养老服务", "离退休人员管理"), ("司法调查服务", INTO)):
        result = office.result(name)
        first = result["candidates"][0]
        assert (result["decision"], first["department"], first["name"]) == (
            "auto", department, name), first
    assert office.result("文物保护服务")["candidates"][0]["name"] == "文物保护服务"


def test_a_confirmed_link_takes_the_old_name_of_an_item_along(office):
    assert office.submit("体育", ITEM, OLD)["decision"] == "auto"
    before = office.submit("体育", ITEM, NEW)
    assert before["decision"] == "review", before
    office.jinmu("catalog", "map", "propose", OLD, NEW)
    links = csv.DictReader(office.jinmu("catalog", "map", "export", OLD, NEW, "--all").splitlines())
    link = next(row for row in links if row["old_name"] == ITEM)
    code = next(row[1] for row in revision_rows(office.path) if row[2] == ITEM_NOW)
    office.jinmu("catalog", "map", "correct", link["id"], "体育", code, "--by", "王")
    office.jinmu("reclassify", "--to", NEW)  # waits until the worker has taken it up
    after = office.result(ITEM)
    assert after["model"] != before["model"]
    assert (after["decision"], after["candidates"][0]["name"]) == ("auto", ITEM_NOW), after
    assert any(ITEM in one["label"] for one in after["candidates"][0]["evidence"]), after


def test_units_of_a_new_department_are_judged_by_an_old_revision_too(office):
    result = office.submit("离退休人员管理", "离退休人员养老服务", OLD)
    assert result["candidates"][0]["department"] == RENAMED, result["candidates"][0]


def main():
    folder = tempfile.mkdtemp(prefix="jinmu.")
    office = Office(folder)
    failed = cases.run_with(globals(), office)
    office.close()
    shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
