"""增补建议 over HTTP and in the command line: services that no item fits, grouped."""
import csv
import io
import json
import sys

from http_world import Client, OTHER_UNIT, UNIT, World, await_ready, await_results, run_cases

NOW, BEFORE = "晋财综〔2025〕28号", "晋财综〔2021〕63号"


def wanting(number, name, unit=UNIT, year=2026, yuan=100000, **members):
    return dict({"id": f"W-{number}", "unit": unit, "department": "示例市行政审批服务管理局",
                 "year": year, "name": name, "amount_yuan": yuan,
                 "description": f"委托专业机构开展{name}工作，全年实施。"}, **members)


def fitting(number):
    return wanting(number, "政务服务事项标准化服务",
                   description="委托专业机构编制政务服务事项标准和办事指南，形成标准体系。")


class Case:
    def __init__(self):
        self.world = World()
        self.admin, self.rev = Client(self.world, "admin"), Client(self.world, "rev")
        self.stored = 0
        self.submit(wanting(1, "2025年古树名木认养"), wanting(2, "2026年古树名木认养"),
                    wanting(3, "古树名木认养", unit=OTHER_UNIT, yuan=50000),
                    wanting(4, "犬只收容"), wanting(5, "犬只收容", unit=OTHER_UNIT),
                    wanting(6, "青年夜校"),
                    fitting(7),
                    wanting(8, "青年夜校", year=2022), wanting(9, "青年夜校", year=2022),
                    wanting(10, "无人机巡河", department="示例市水利局", unit="示例市水利局"))

    def submit(self, *projects):
        answer = self.admin.ask("POST", "/projects", {"projects": projects},
                                headers={"Prefer": "wait=20"})
        assert answer.status == 200, answer.body
        self.stored += len(projects)

    def groups(self, client=None, **parameters):
        """{(department, item): proposal}"""
        listed = (client or self.rev).get("/catalog/proposals", **parameters)["proposals"]
        return {(one["department"], one["item"]): one for one in listed}

    def summary(self, project, catalog=NOW):
        results = self.rev.get("/results", q=project, limit=500)["results"]
        return next(r for r in results if r["project"] == project and r["catalog"] == catalog)

    def review(self, project, catalog=NOW, **review):
        result = self.summary(project, catalog)
        answer = self.rev.ask("POST", f"/results/{result['number']}/reviews",
                              dict(review, version=result["version"]))
        assert answer.status == 201, answer.body

    def close(self):
        return self.world.close()


def test_services_without_an_item_are_grouped_by_department_and_likeness(case):
    await_results(case.rev, case.stored)
    answer = case.rev.get("/catalog/proposals")
    assert (answer["revision"], answer["projects"], answer["unfit"]) == (NOW, 8, 7), answer
    assert not answer["complete"]
    groups = case.groups()
    assert set(groups) == {("行政审批", "古树名木认养服务"), ("行政审批", "犬只收容服务")}, groups
    trees = groups["行政审批", "古树名木认养服务"]
    assert (trees["projects"], trees["amount_yuan"]) == (3, 250000)
    assert trees["names"] == ["古树名木认养"] and trees["place"] == "own"
    assert len(trees["path"]) == 3 and len(trees["code"]) == 7
    tree = case.rev.get(f"/catalog/current/tree", department="行政审批")
    assert trees["code"] not in json.dumps(tree)
    assert trees["code"][:5] in json.dumps(tree)
    assert len({one["code"] for one in groups.values()}) == len(groups)


def test_small_groups_are_shown_when_asked_for(case):
    groups = case.groups(least=1)
    assert {one[1] for one in groups} == {"古树名木认养服务", "犬只收容服务", "青年夜校服务",
                                          "无人机巡河服务"}
    river = groups["水利", "无人机巡河服务"]
    assert river["place"] == "earlier", river  # 28号 is held without the pages of 水利


def test_one_department_is_asked_for(case):
    assert {one[0] for one in case.groups(department="水利", least=1)} == {"水利"}
    assert case.rev.get("/catalog/proposals", department="无此部门")["unfit"] == 0


def test_what_fits_is_a_question_of_degree(case):
    assert case.rev.get("/catalog/proposals", below=0)["unfit"] == 0
    assert case.rev.get("/catalog/proposals", below=1)["unfit"] >= 7


def test_a_revision_is_asked_by_its_own_results(case):
    answer = case.rev.get("/catalog/proposals", revision="63号")
    assert (answer["revision"], answer["projects"], answer["unfit"]) == (BEFORE, 2, 2), answer
    assert {one[1] for one in case.groups(revision="63号")} == {"青年夜校服务"}


def test_a_submitter_sees_what_its_own_units_lack(case):
    mine = case.groups(Client(case.world, "sub"), least=1)
    assert {one[1] for one in mine} == {"古树名木认养服务", "犬只收容服务", "青年夜校服务"}
    assert mine["行政审批", "古树名木认养服务"]["projects"] == 2
    theirs = Client(case.world, "lib").get("/catalog/proposals", least=1)
    assert (theirs["projects"], theirs["unfit"]) == (2, 2), theirs
    assert all(one["projects"] == 1 for one in theirs["proposals"])
    table = Client(case.world, "lib").ask("GET", "/catalog/proposals.csv?least=1")
    assert "青年夜校" not in table.body.decode()


def test_the_table_has_the_form_of_the_catalog(case):
    answer = case.rev.ask("GET", "/catalog/proposals.csv?least=1")
    assert answer.status == 200 and "attachment" in answer.headers["Content-Disposition"]
    text = answer.body.decode("utf-8-sig")
    assert answer.body.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["部门", "代码", "一级目录", "二级目录", "三级目录", "四级目录", "项目数",
                       "金额（元）", "典型项目名称", "备注"]
    assert len(rows) == 5 and all(len(row) == 10 for row in rows)
    printed = case.world.jinmu("catalog", "propose", "--csv", "--least", "1")
    assert printed == text


def test_the_command_line_says_the_same(case):
    said = json.loads(case.world.jinmu("catalog", "propose", "--json", "--least", "1"))
    assert said == case.rev.get("/catalog/proposals", least=1)
    said = json.loads(case.world.jinmu("catalog", "propose", "--json", "--projects", "2"))
    assert said == case.rev.get("/catalog/proposals", results=2)
    table = case.world.jinmu("catalog", "propose", "--csv", "--projects", "2")
    assert table == case.rev.ask("GET", "/catalog/proposals.csv?results=2").body.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [set(row["项目编号"].split("；")) for row in rows if row["四级目录"] == "犬只收容服务"] == \
        [{"W-4", "W-5"}]
    assert "W-4；W-5" in case.world.jinmu("catalog", "propose", "--projects", "2")
    words = case.world.jinmu("catalog", "propose", "--department", "水利", "--least", "1")
    assert "8 个项目中 1 个服务没有合适条目，归为 1 组" in words and "无人机巡河服务" in words
    assert "<td>古树名木认养服务</td>" in case.world.jinmu("catalog", "propose", "--html")
    case.world.jinmu("catalog", "propose", "--below", "2", expected=2)


def test_a_proposal_leads_to_its_projects(case):
    """At most as many as were asked for, those of the most money; the rest is counted."""
    trees = next(one for one in case.rev.get("/catalog/proposals", results=2)["proposals"]
                 if one["item"] == "古树名木认养服务")
    assert trees["projects"] == 3
    assert {one["project"] for one in trees["results"]} == {"W-1", "W-2"}, trees
    numbers = ",".join(str(one["number"]) for one in trees["results"])
    listed = case.rev.get("/results", numbers=numbers, superseded="true")["results"]
    assert {one["project"] for one in listed} == {"W-1", "W-2"}, listed
    assert all("results" not in one for one in case.groups().values())


def test_results_are_asked_for_by_number_but_only_ones_own(case):
    all_of_them = [one["number"] for one in case.rev.get("/results", limit=500)["results"]]
    numbers = ",".join(str(number) for number in all_of_them)
    theirs = Client(case.world, "lib").get("/results", numbers=numbers)["results"]
    assert theirs and {one["unit"] for one in theirs} == {OTHER_UNIT}
    assert case.rev.get("/results", numbers="999999")["results"] == []
    for wrong in ("x", "1,", "1,,2", "0", "-1", "1 ", "1;2", ",".join(["1"] * 501)):
        answer = case.rev.get("/results", 422, numbers=wrong)
        assert answer.json["code"] == "query.bad_number", (wrong, answer.body)


def test_what_cannot_be_asked_is_refused(case):
    for parameters in ({"least": 0}, {"least": "x"}, {"results": 101}, {"results": -1}, {"below": "1.5"}, {"below": "nan"}):
        answer = case.rev.get("/catalog/proposals", 422, **parameters)
        assert answer.json["code"] == "query.bad_number", answer.body
    case.rev.get("/catalog/proposals", 404, revision="无此目录")
    assert Client(case.world).ask("GET", "/catalog/proposals").status == 401


def test_the_newest_text_of_a_project_counts(case):
    case.submit(fitting(6))
    answer = case.rev.get("/catalog/proposals", least=1)
    assert (answer["projects"], answer["unfit"]) == (8, 6), answer


def test_what_people_decided_counts(case):
    """A found item ends it, another kind of money too; no item and no kind is a lack."""
    case.review("W-4", decision="correct", department="行政审批", code="A160603")
    case.review("W-5", decision="reject", kind="goods")
    case.review("W-1", decision="reject")
    await_ready(case.admin)
    groups = case.groups(least=1)
    assert ("行政审批", "犬只收容服务") not in groups
    assert groups["行政审批", "古树名木认养服务"]["projects"] == 3
    case.review("W-7", decision="reject")
    assert "政务服务事项标准化服务" in {one[1] for one in case.groups(least=1)}


def test_without_the_services_the_command_line_reads_what_is_listed(case):
    said = json.loads(case.world.jinmu("catalog", "propose", "--json", "--least", "1"))
    assert case.world.stop() == 0
    try:
        again = json.loads(case.world.jinmu("catalog", "propose", "--json", "--least", "1"))
        assert again == said
    finally:
        case.world.start()


def main():
    case = Case()
    return run_cases(globals(), case, case.world)


if __name__ == "__main__":
    sys.exit(main())
