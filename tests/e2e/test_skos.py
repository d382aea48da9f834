#!/usr/bin/python3
"""A revision in SKOS: both syntaxes say the same, and what they say is sound SKOS."""
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import rdflib
from rdflib.compare import to_isomorphic
from rdflib.namespace import DCTERMS, RDF, SKOS

import cases
from http_world import World

BIN = os.path.abspath(os.environ.get("JINMU_BIN", "build/bin"))
WHOLE, EXCERPT = "晋财综〔2021〕63号", "晋财综〔2025〕28号"
FORMATS = {"ttl": "turtle", "jsonld": "json-ld"}


class Case:
    def __init__(self):
        self.state = tempfile.mkdtemp(prefix="jinmu.")

    def jinmu(self, *arguments):
        done = subprocess.run([os.path.join(BIN, "jinmu"), *arguments, "--state", self.state],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def graph(self, revision, name="ttl"):
        text = self.jinmu("catalog", "skos", revision, "--format", name)
        return rdflib.Graph().parse(data=text, format=FORMATS[name])

    def close(self):
        shutil.rmtree(self.state)


def concept(revision, department, code):
    return rdflib.URIRef(f"urn:jinmu:catalog:{revision}:{department}:{code}")


def test_both_syntaxes_say_the_same(case):
    for revision in (WHOLE, EXCERPT):
        turtle, json_ld = (case.graph(revision, name) for name in FORMATS)
        assert len(turtle) > 500
        assert to_isomorphic(turtle) == to_isomorphic(json_ld)


def test_every_item_is_there_with_its_place(case):
    graph = case.graph(WHOLE)
    scheme = next(graph.subjects(RDF.type, SKOS.ConceptScheme))
    assert graph.value(scheme, DCTERMS.identifier) == rdflib.Literal(WHOLE)
    concepts = set(graph.subjects(RDF.type, SKOS.Concept))
    item = concept(WHOLE, "民政", "A150201")
    assert item in concepts
    assert graph.value(item, SKOS.notation) == rdflib.Literal("A150201")
    assert graph.value(item, SKOS.prefLabel).language == "zh"
    assert graph.value(item, SKOS.broader) == concept(WHOLE, "民政", "A1502")
    database = sqlite3.connect(os.path.join(case.state, "catalog.db"))
    count, = database.execute("SELECT count(*) FROM item WHERE revision = ? AND state <>"
                              " 'quarantine'", (WHOLE,)).fetchone()
    database.close()
    assert len(concepts) == count


def test_it_is_sound_skos(case):
    graph = case.graph(WHOLE)
    scheme = next(graph.subjects(RDF.type, SKOS.ConceptScheme))
    concepts = set(graph.subjects(RDF.type, SKOS.Concept))
    collections = set(graph.subjects(RDF.type, SKOS.Collection))
    assert not concepts & collections and scheme not in concepts | collections  # S9, S37
    members = [member for one in collections for member in graph.objects(one, SKOS.member)]
    assert len(members) == len(set(members)) and set(members) == concepts
    for one in concepts:
        assert list(graph.objects(one, SKOS.inScheme)) == [scheme]
        labels = {p: set(graph.objects(one, p))
                  for p in (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel)}
        assert len(labels[SKOS.prefLabel]) == 1, one  # S14
        assert sum(map(len, labels.values())) == len(set().union(*labels.values())), one  # S13
        broader = list(graph.objects(one, SKOS.broader))
        assert len(broader) <= 1 and all(b in concepts for b in broader)
        assert bool(broader) != ((one, SKOS.topConceptOf, scheme) in graph)
        assert ((scheme, SKOS.hasTopConcept, one) in graph) != bool(broader)
        steps, at = 0, one
        while at is not None:
            at, steps = graph.value(at, SKOS.broader), steps + 1
            assert steps <= 4, "a circle"


def test_what_items_of_other_revisions_became_is_linked(case):
    case.jinmu("catalog", "map", "propose", WHOLE, EXCERPT)
    matches = (SKOS.exactMatch, SKOS.broadMatch, SKOS.narrowMatch)
    assert not any(list(case.graph(EXCERPT).subject_objects(p)) for p in matches), "only proposed"
    case.jinmu("catalog", "map", "confirm", WHOLE, EXCERPT, "--sure", "0.9", "--by", "keeper")
    old, new = case.graph(WHOLE), case.graph(EXCERPT)
    links = {(s, p, o) for p in matches for s, o in new.subject_objects(p)}
    inverse = {SKOS.broadMatch: SKOS.narrowMatch, SKOS.narrowMatch: SKOS.broadMatch}
    assert links
    for s, p, o in links:
        assert (o, inverse.get(p, p), s) in old, (s, p, o)


def test_http_gives_the_same_to_anybody(case):
    world = World()
    try:
        for name, media in (("ttl", "text/turtle"), ("jsonld", "application/ld+json")):
            path = "/catalog/" + urllib.parse.quote(f"{EXCERPT}.{name}")
            for address in (path, "/api/v1" + path):
                with urllib.request.urlopen(f"http://127.0.0.1:{world.port}{address}") as answer:
                    assert answer.headers["Content-Type"].startswith(media)
                    assert answer.headers["ETag"]
                    graph = rdflib.Graph().parse(data=answer.read(), format=FORMATS[name])
            assert to_isomorphic(graph) == to_isomorphic(case.graph(EXCERPT))
        for path in ("/api/v1/catalog/revisions", "/api/v1/catalog/x.ttl", "/api/v1/catalog/x.pdf"):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{world.port}{path}")
                raise AssertionError(path)
            except urllib.error.HTTPError as error:
                assert error.code == (401 if path.endswith("revisions") else 404), (path, error.code)
    finally:
        assert world.close() == 0


def prepare():
    case = Case()
    return (case,), lambda failed: case.close()


def main():
    return 1 if cases.run(globals(), prepare) else 0


if __name__ == "__main__":
    sys.exit(main())
