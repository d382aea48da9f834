"""jinmu catalog, as a keeper calls it: exit statuses and what is printed."""
import os
import shutil
import subprocess
import sys
import tempfile

import cases

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
JINMU = os.path.join(ROOT, os.environ.get("JINMU_BIN", "build/bin"), "jinmu")
SCAN = os.path.join(ROOT, "tests/fixtures/catalog-scan.txt")


class Keeper:
    def __init__(self, folder):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        shutil.copytree(os.path.join(ROOT, "catalog/data"), self.data)
        self.environment = dict(os.environ, JINMU_STATE=os.path.join(folder, "state"),
                                JINMU_DATA=self.data)

    def run(self, *arguments, status=0):
        done = subprocess.run([JINMU, "catalog", *arguments], env=self.environment, text=True,
                              capture_output=True, timeout=120)
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr


def test_first_call_builds_both_revisions(keeper):
    listed = keeper.run("list")
    for number in ("晋财综〔2021〕63号", "晋财综〔2023〕47号", "晋财综〔2025〕28号"):
        assert number in listed, listed
    assert "不完整" in listed


def test_lookups_print_paths_and_restrictions(keeper):
    assert "A15 公共信息与宣传服务 › A1502 公共公益宣传服务" in keeper.run(
        "show", "A150201", "-d", "文物", "-r", "63号")
    assert "文物保护服务" in keeper.run("tree", "-d", "文物")
    keeper.run("tree", "-d", "无此部门", status=1)
    assert "审计部门不可用" in keeper.run("show", "B0302")
    assert "流浪人员救助服务" in keeper.run("search", "流浪人员")
    keeper.run("show", "A999999", status=1)


def test_lost_page_keeps_leaves_out_until_they_are_assigned(keeper):
    assert "A160401" in keeper.run("findings", "-r", "28号")
    assert "A160401" not in keeper.run("tree", "-r", "28号", "-d", "纪律检查委员会监察委员会")
    keeper.run("assign", "纪律检查委员会监察委员会", "A160401", "统计")
    assert "A160401" in keeper.run("tree", "-r", "28号", "-d", "统计")
    keeper.run("build")
    assert "已归入统计" in keeper.run("findings", "-r", "28号")
    keeper.run("assign", "纪律检查委员会监察委员会", "A160401", "统计", status=2)


def test_import_says_what_it_did(keeper):
    assert "未作改动" in keeper.run("import", SCAN, "--revision", "测1号", "--dry-run")
    keeper.run("import", SCAN, "--revision", "测1号", "--strict", status=1)
    assert "测1号" not in keeper.run("list")
    assert "已导入" in keeper.run("import", SCAN, "--revision", "测1号", "--issued", "2099-01-02")
    assert "内容相同" in keeper.run("import", SCAN, "--revision", "测1号")
    assert "测1号" in keeper.run("list")


def test_refused_imports_exit_with_2_and_name_the_line(keeper):
    bad = os.path.join(keeper.folder, "bad.txt")
    with open(bad, "wb") as file:
        file.write("代码\t一级目录\t二级目录\n水利\n".encode() + b"A\t\xb9\xab\n")
    assert "第 3 行" in keeper.run("import", bad, "--revision", "坏", status=2)
    keeper.run("import", os.path.join(ROOT, "Makefile"), "--revision", "坏", status=2)
    keeper.run("import", "/nonexistent", "--revision", "坏", status=2)
    keeper.run("import", SCAN, status=2)
    keeper.run("import", SCAN, "--revision", "坏", "--issued", "昨天", status=2)
    keeper.run("nonsense", status=2)
    assert "坏" not in keeper.run("list")


def test_document_printed_as_csv_imports_to_the_same(keeper):
    csv = os.path.join(keeper.folder, "scan.csv")
    with open(csv, "w", encoding="utf-8") as file:
        file.write(keeper.run("csv", SCAN))
    keeper.run("import", SCAN, "--revision", "测2号")
    assert "内容相同" in keeper.run("import", csv, "--revision", "测2号")


def test_a_revision_without_a_day_is_not_put_into_use(keeper):
    csv = os.path.join(keeper.data, "revisions", "晋财综〔2021〕63号.csv")
    keeper.run("import", csv, "--revision", "甲〔2026〕1号")
    refused = keeper.run("use", "甲〔2026〕1号", "--by", "王", status=2)
    assert "--effective" in refused, refused
    again = keeper.run("import", csv, "--revision", "甲〔2026〕1号", "--effective", "2026-03-01")
    assert "更正" in again, again
    assert "甲〔2026〕1号" in keeper.run("use", "甲〔2026〕1号", "--by", "王")


def test_label_edits_reach_the_database(keeper):
    keeper.run("labels", "add", "民政", "A040302", "街头露宿者")
    found = keeper.run("search", "街头露宿者")
    assert "流浪人员救助服务" in found and "相符的说法：“街头露宿者" in found, found
    keeper.run("labels", "remove", "民政", "A040302", "街头露宿者")
    keeper.run("search", "街头露宿者", status=1)
    keeper.run("labels", "add", "民政", "A999999", "无", status=2)


def prepare():
    folder = tempfile.mkdtemp(prefix="jinmu-catalog-")
    return (Keeper(folder),), lambda failed: shutil.rmtree(folder, ignore_errors=True)


def main():
    return 1 if cases.run(globals(), prepare) else 0


if __name__ == "__main__":
    sys.exit(main())
