"""Revisions with a known truth, as a reform or a second hand makes them: two things done to one item,
codes exchanged, departments merged and divided, items divided in three, and what only looks alike."""
import collections
import csv
import random
import re

SYNONYMS = (("培训", "研修"), ("宣传", "传播推广"), ("评估", "测评"), ("调查", "排查"), ("监测", "观测"),
            ("检测", "抽检"), ("维护", "维管"), ("咨询", "答疑"), ("研究", "研判"), ("管理", "管护"),
            ("采集", "归集"), ("审核", "把关"), ("信息", "资讯"), ("康复", "复健"), ("组织", "筹办"),
            ("编制", "起草"), ("规划", "计划"), ("运营", "运作"), ("鉴定", "认定"), ("检查", "核查"),
            ("展览", "会展"), ("指导", "辅导"), ("救助", "帮扶"), ("建设", "打造"))
ENDINGS = ("工作服务", "辅助性服务", "相关服务", "等服务")
PREFIXES = ("全省", "省级", "日常", "专项")
THINGS = ("低空经济 氢能产业 林业碳汇 海绵城市 夜间经济 冰雪运动 宠物防疫 数据要素 直播电商 母婴设施 窑洞民居 "
          "煤层气 文创产品 古树名木 城市更新 婚俗改革 普惠托育 适老化改造 方言语音 家谱档案 无人机巡检 充电桩 "
          "预制菜 露营地").split()
WORKS = "咨询服务 监测服务 推广服务 实训服务 绩效评价服务 普查服务 数据标注服务 设备养护服务".split()
STAGES = (("方案设计服务", "组织实施服务", "验收评价服务"), ("前期服务", "中期服务", "后期服务"),
          ("省级服务", "市级服务", "县级服务"), ("线上服务", "线下服务", "上门服务"))
RESTRICTIONS = ("（仅限省级部门）", "（不含涉密事项）", "（仅限集中受理事项）", "（除法律另有规定外）")
WIDE = str.maketrans("()0123456789", "（）０１２３４５６７８９")


def bare(name):
    return name[:-2] if name.endswith("服务") else name


class Item:
    def __init__(self, department, code, name, touched=False):
        self.department, self.code, self.name, self.touched = department, code, name, touched

    @property
    def key(self):
        return self.department, self.code

    @property
    def is_leaf(self):
        return len(self.code) == 7


class Draft:
    """What becomes of a revision. `truth` has what was done: kind, old key, the item that it is now."""

    def __init__(self, path, seed):
        self.random = random.Random(seed)
        with open(path, encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["code"] and row["name"]]
        times = collections.Counter((row["department"], row["code"]) for row in rows)
        self.items = [Item(row["department"], row["code"], row["name"]) for row in rows
                      if times[row["department"], row["code"]] == 1]
        self.used = {item.key for item in self.items}
        self.names = {item.name for item in self.items}
        self.truth, self.invented = [], 0

    def say(self, kind, old, item):
        self.truth.append((kind, old, item))

    def change(self, kind, item, **members):
        old = item.key
        for name, value in members.items():
            setattr(item, name, value)
        item.touched = True
        self.used.add(item.key)
        self.names.add(item.name)
        self.say(kind, old, item)

    def add(self, department, code, name):
        item = Item(department, code, name, touched=True)
        self.items.append(item)
        self.used.add(item.key)
        self.names.add(name)
        return item

    def drop(self, kind, item, successor=None):
        self.items.remove(item)
        self.say(kind, item.key, successor)

    def free(self, department, parent):
        return next(code for code in (f"{parent}{number:02}" for number in range(1, 100))
                    if (department, code) not in self.used)

    def leaves(self, department=None, parent=""):
        return [item for item in self.items if item.is_leaf and not item.touched
                and department in (None, item.department) and item.code.startswith(parent)]

    def pick(self):
        return self.random.choice(self.leaves())

    def parents(self, least):
        """Untouched items of level 3 with so many leaves, none of them touched; in any order."""
        below = collections.defaultdict(list)
        for item in self.items:
            if item.is_leaf:
                below[item.department, item.code[:5]].append(item)
        found = [(item, below[item.key]) for item in self.items
                 if len(item.code) == 5 and not item.touched and len(below[item.key]) >= least
                 and not any(leaf.touched for leaf in below[item.key])]
        self.random.shuffle(found)
        return found

    def elsewhere(self, item, same_department):
        """Another parent for an item: department and a free code."""
        parent = self.random.choice([
            one for one in self.items if len(one.code) == 5 and not one.touched
            and (one.department == item.department) == same_department
            and one.key != (item.department, item.code[:5])] or [None])
        return parent and {"department": parent.department,
                           "code": self.free(parent.department, parent.code)}

    def renamed(self, name):
        while True:
            way, new = self.random.randrange(4), name
            pairs = [pair for pair in SYNONYMS if pair[0] in name]
            if way < 2 and pairs:
                new = name.replace(*self.random.choice(pairs), 1)
            elif way == 2 and name.endswith("服务") and len(name) > 6:
                new = bare(name) + self.random.choice(ENDINGS)
            elif way == 3:
                new = self.random.choice(PREFIXES) + name
            if new != name and new not in self.names:
                return new

    def invent(self):
        while True:
            number, self.invented = self.invented, self.invented + 1
            name = THINGS[number % 24] + WORKS[(number // 24 + number) % 8]
            if name not in self.names:
                return name

    def rows(self):
        for item in self.items:
            if item.is_leaf and not item.touched:
                self.say("same", item.key, item)
        last = None
        for item in sorted(self.items, key=lambda item: item.key):
            if item.department != last:
                yield item.department, "", ""
            last = item.department
            yield item.department, item.code, item.name


# --- two things at once ---

def rename_and_move(draft, number, same_department=True):
    kind = "renamed, moved" if same_department else "renamed, to another department"
    for _ in range(number):
        item = draft.pick()
        place = draft.elsewhere(item, same_department)
        if place:
            draft.change(kind, item, name=draft.renamed(item.name), **place)


def rename_and_move_away(draft, number):
    rename_and_move(draft, number, same_department=False)


def restrict(draft, number):
    for count in range(3 * number):
        item = draft.pick()
        limit = draft.random.choice(RESTRICTIONS)
        place = draft.elsewhere(item, True)
        if "(" in item.name or not place:
            continue
        if count % 3 == 0:
            draft.change("restricted, renamed", item, name=draft.renamed(item.name) + limit)
        elif count % 3 == 1:
            draft.change("restricted, moved", item, name=item.name + limit, **place)
        else:
            draft.change("restricted, recoded", item, name=item.name + limit,
                         code=draft.free(item.department, item.code[:5]))


def swap(draft, number):
    """Codes of siblings, of cousins, and whole places of two departments are exchanged."""
    for count in range(3 * number):
        one = draft.pick()
        others = (draft.leaves(one.department, one.code[:5]) if count % 3 == 0
                  else draft.leaves(one.department) if count % 3 == 1 else draft.leaves())
        other = draft.random.choice([
            item for item in others if item is not one
            and (count % 3 != 1 or item.code[:5] != one.code[:5])
            and (count % 3 != 2 or item.department != one.department)] or [None])
        if not other:
            continue
        kind = ("codes swapped", "places swapped", "departments swapped")[count % 3]
        here, there = one.key, other.key
        draft.change(kind, one, department=there[0], code=there[1])
        draft.change(kind, other, department=here[0], code=here[1])


def swap_and_rename(draft, number):
    for _ in range(number):
        one = draft.pick()
        siblings = [item for item in draft.leaves(one.department, one.code[:5]) if item is not one]
        if siblings:
            other = draft.random.choice(siblings)
            here, there = one.code, other.code
            draft.change("swapped, renamed", one, code=there, name=draft.renamed(one.name))
            draft.change("swapped, renamed", other, code=here, name=draft.renamed(other.name))


# --- with the levels above ---

def rename_with_upper(draft, number):
    for upper, leaves in draft.parents(2)[:number]:
        draft.change("upper renamed", upper, name=draft.renamed(upper.name))
        for leaf in leaves:
            draft.change("renamed with its upper", leaf, name=draft.renamed(leaf.name))


def recode_with_upper(draft, number):
    for upper, leaves in draft.parents(2)[:number]:
        code = draft.free(upper.department, upper.code[:3])
        draft.change("upper recoded", upper, code=code)
        for leaf in leaves:
            draft.change("recoded with its upper", leaf, code=code + leaf.code[5:])


def renumber(draft, number):
    """The first leaf goes and the others move up; or a new one is put before them."""
    for count, (upper, leaves) in enumerate(draft.parents(3)[:2 * number]):
        upper.touched = True
        codes = [leaf.code for leaf in leaves]
        if count % 2 == 0:
            codes.append(draft.free(upper.department, upper.code))
            for leaf, code in zip(leaves, codes[1:]):
                draft.change("renumbered", leaf, code=code)
            draft.say("added", None, draft.add(upper.department, codes[0], draft.invent()))
            continue
        draft.drop("removed", leaves[0])
        for leaf, code in zip(leaves[1:], codes):
            if count % 4 == 1:
                draft.change("renumbered", leaf, code=code)
            else:
                draft.change("renumbered, renamed", leaf, code=code, name=draft.renamed(leaf.name))


def found_parent(draft, number):
    """Two leaves of two parents come under a new one."""
    for _ in range(number):
        one = draft.pick()
        cousins = [item for item in draft.leaves(one.department, one.code[:3])
                   if item.code[:5] != one.code[:5]]
        if cousins:
            code = draft.free(one.department, one.code[:3])
            draft.add(one.department, code, draft.invent())
            for place, leaf in enumerate((one, draft.random.choice(cousins)), 1):
                draft.change("to a new parent", leaf, code=f"{code}{place:02}")


# --- parts ---

def divide(draft, kind, item, names):
    draft.items.remove(item)
    for count, name in enumerate(names):
        code = item.code if count == 0 else draft.free(item.department, item.code[:5])
        draft.say(kind, item.key, draft.add(item.department, code, name))


def split_by_stages(draft, number):
    for _ in range(number):
        item = draft.pick()
        divide(draft, "split by stages", item,
               [bare(item.name) + stage for stage in draft.random.choice(STAGES)])


def split_lists(draft, number):
    """甲、乙和丙服务 gives 甲服务, 乙服务, 丙服务."""
    lists = [item for item in draft.leaves()
             if not re.search("[(]|参与|和服务|与服务|等$", item.name)]
    draft.random.shuffle(lists)
    for item in lists:
        parts = re.split("[、和与及]", bare(item.name))
        names = [part + "服务" for part in (*parts[:2], "".join(parts[2:]))]
        if number > 0 and len(parts) > 2 and min(map(len, parts)) > 1 and not draft.names & set(names):
            divide(draft, "split by its list", item, names)
            number -= 1


def merge(draft, number):
    for count, (upper, leaves) in enumerate(draft.parents(4)[:2 * number]):
        parts = leaves[:3] if count % 2 else leaves[:2]
        words = [bare(part.name) for part in parts]
        if sum(map(len, words)) > 50:
            continue
        name = (f"{words[0]}、{words[1]}和{words[2]}服务" if count % 2
                else draft.renamed(f"{words[0]}及{words[1]}服务"))
        upper.touched = True
        for part in parts:
            draft.items.remove(part)
        whole = draft.add(upper.department, parts[0].code, name)
        for part in parts:
            draft.say("merged from three" if count % 2 else "merged, renamed", part.key, whole)


# --- what only looks alike ---

def replace(draft, number):
    for _ in range(number):
        item = draft.pick()
        draft.drop("removed", item)
        draft.say("added", None, draft.add(*item.key, draft.invent()))


def add_look_alikes(draft, number):
    """A new item begins as its sibling does."""
    for _ in range(number):
        item = draft.pick()
        name = (item.name[:max(2, len(item.name) // 2 - 1)] + draft.random.choice(THINGS)[:2]
                + draft.random.choice(WORKS))
        draft.change("renamed", item, name=draft.renamed(item.name))
        draft.say("added", None, draft.add(
            item.department, draft.free(item.department, item.code[:5]), name))


def drop_siblings(draft, number):
    """One of two siblings goes, the other is renamed."""
    for _ in range(number):
        item = draft.pick()
        siblings = [one for one in draft.leaves(item.department, item.code[:5]) if one is not item]
        if siblings:
            draft.drop("removed", draft.random.choice(siblings))
            draft.change("renamed", item, name=draft.renamed(item.name))


def add_elsewhere(draft, number):
    """One goes; in another department comes one that begins or ends alike."""
    for _ in range(number):
        item = draft.pick()
        draft.drop("removed", item)
        half = max(2, len(item.name) // 2)
        name = (item.name[:half] + draft.random.choice(WORKS) if draft.random.randrange(2)
                else draft.random.choice(THINGS)[:2] + item.name[max(2, half - 2):])
        if name not in draft.names:
            place = draft.elsewhere(item, False)
            draft.say("added", None, draft.add(place["department"], place["code"], name))


# --- departments ---

def untouched_departments(draft, least):
    leaves = collections.Counter(item.department for item in draft.items if item.is_leaf)
    touched = {item.department for item in draft.items if item.touched}
    found = sorted(name for name in leaves if leaves[name] >= least and name not in touched)
    draft.random.shuffle(found)
    return found


def merge_departments(draft, number):
    for lost, heir in zip(*[iter(untouched_departments(draft, 4)[:2 * number])] * 2):
        for upper in [item for item in draft.items if item.department == lost and not item.is_leaf]:
            draft.items.remove(upper)
            if (heir, upper.code) not in draft.used:
                draft.add(heir, upper.code, upper.name)
        for leaf in draft.leaves(lost):
            draft.change("department merged", leaf, department=heir,
                         code=draft.free(heir, leaf.code[:5]))


def rename_departments(draft, _):
    for lost, name in zip(untouched_departments(draft, 4), ("数据和政务运行", "应急与防灾")):
        for item in [item for item in draft.items if item.department == lost]:
            if item.is_leaf:
                draft.change("department renamed", item, department=name)
            else:
                item.department, item.touched = name, True


def divide_department(draft, _):
    """Every second item of level 3 goes to a new department."""
    divided = untouched_departments(draft, 8)[0]
    uppers = [item for item in draft.items if item.department == divided and len(item.code) == 5]
    above = {item.code: item.name for item in draft.items if item.department == divided}
    for upper in uppers[::2]:
        for code in (upper.code[:1], upper.code[:3]):
            if code in above and ("民生促进", code) not in draft.used:
                draft.add("民生促进", code, above[code])
        leaves = draft.leaves(divided, upper.code)
        upper.department, upper.touched = "民生促进", True
        for leaf in leaves:
            draft.change("department divided", leaf, department="民生促进")


# --- print ---

def print_otherwise(draft, number):
    def some(items):
        return draft.random.sample(items, min(number, len(items)))
    for item in some([one for one in draft.leaves() if one.name.translate(WIDE) != one.name]):
        draft.change("same but for print", item, name=item.name.translate(WIDE))
    for item in some([one for one in draft.leaves() if "、" in one.name]):
        draft.change("same but for print", item, name=item.name.replace("、", "，"))
    for item in some(draft.leaves()):
        at = draft.random.randrange(1, len(item.name))
        draft.change("same but for print", item, name=item.name[:at] + " " + item.name[at:])


REVISIONS = {
    "two at once": ((rename_and_move, 14), (rename_and_move_away, 10), (restrict, 8), (swap, 5),
                    (swap_and_rename, 8), (replace, 10)),
    "levels above": ((rename_with_upper, 8), (recode_with_upper, 8), (renumber, 7),
                     (found_parent, 6), (replace, 8)),
    "parts": ((merge, 10), (split_by_stages, 10), (split_lists, 6), (replace, 12)),
    "look-alikes": ((add_look_alikes, 25), (drop_siblings, 20), (add_elsewhere, 20)),
    "departments": ((merge_departments, 2), (rename_departments, 2), (divide_department, 1),
                    (replace, 10)),
    "print": ((print_otherwise, 15), (replace, 8)),
}


def revise(path, kind, seed):
    draft = Draft(path, f"{kind} {seed}")
    for deed, number in REVISIONS[kind]:
        deed(draft, number)
    return draft
