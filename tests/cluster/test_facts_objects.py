"""Objects and collections, as Kubernetes 1.36.2 was seen to answer."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.cluster.api import JSON, MERGE, Answer
from tests.cluster.lab import Lab, config_map, names

pytestmark = pytest.mark.cluster

Real = dict[str, Any]
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@pytest.fixture(scope="module")
def made(lab: Lab) -> Answer:
    """The answer to the creation of the ConfigMap ``a``."""
    return lab.create("configmaps", config_map("a", {"x": "1", "y": "z"}, {"k": "v"}))


@pytest.fixture(scope="module")
def several(lab: Lab, made: Answer) -> Lab:
    """A lab with the ConfigMaps a, s0, s1 and s2."""
    for i in range(3):
        lab.create("configmaps", config_map(f"s{i}", {"i": str(i), "set": "s"}))
    return lab


def test_what_is_created_is_answered(lab: Lab, made: Answer, real: Real) -> None:
    body = made.body
    metadata = sorted(body["metadata"].keys() - {"managedFields"})
    where = body["metadata"]["namespace"].replace(lab.namespace, "NS")
    found = [made.code, body["kind"], body["apiVersion"], where, metadata, body["data"]]
    assert found == real["objects: create"]


def test_a_name_is_taken_once(lab: Lab, made: Answer, real: Real) -> None:
    again = lab.create("configmaps", config_map("a"))
    assert again.status == real["objects: create twice"]


def test_what_is_not_there_cannot_be_read(lab: Lab, real: Real) -> None:
    assert lab.get("configmaps", "missing").status == real["objects: get missing"]


def without_details(answer: Answer) -> Any:
    return {key: value for key, value in answer.status.items() if key != "details"}


def test_what_is_not_there_cannot_be_deleted(lab: Lab, real: Real) -> None:
    found = without_details(lab.delete("configmaps", "missing"))
    assert found == real["objects: delete missing"]


NAMED_B = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        (config_map("Bad_Name"), "objects: bad name"),
        ({**NAMED_B, "metadata": {}}, "objects: no name"),
        ({**NAMED_B, "metadata": {"name": "b", "namespace": "other"}},
         "objects: namespace mismatch"),
    ],
    ids=["a name of wrong characters", "no name", "another namespace than the path's"],
)  # fmt: skip
def test_refused_in_these_words(lab: Lab, real: Real, body: Any, fact: str) -> None:
    assert without_details(lab.create("configmaps", body)) == real[fact]


def test_objects_need_their_namespace(lab: Lab, real: Real) -> None:
    answer = lab.api("POST", "/api/v1/namespaces/absent-ns/configmaps", NAMED_B)
    assert without_details(answer) == real["objects: absent namespace"]


@pytest.mark.parametrize(
    ("kind", "body", "fact"),
    [
        ("configmaps", {**NAMED_B, "kind": "Secret"}, "objects: wrong kind"),
        ("configmaps", config_map("bad-label", {"x": "not valid!"}), "objects: bad label"),
        ("persistentvolumeclaims",
         {"metadata": {"name": "pvc2"}, "spec": {"accessModes": ["ReadWriteOnce"],
                                                 "resources": {"requests": {"storage": "lots"}}}},
         "objects: pvc with a bad quantity"),
    ],
    ids=["another kind than the path's", "a label of wrong characters", "a quantity that is none"],
)  # fmt: skip
def test_refused_for_this_reason(lab: Lab, real: Real, kind: str, body: Any, fact: str) -> None:
    assert lab.create(kind, body).refusal == real[fact]


def test_what_is_not_json_is_refused(lab: Lab, real: Real) -> None:
    answer = lab.create("configmaps", "{not json")
    assert [*answer.refusal, answer.body["kind"]] == real["objects: not JSON"]


def test_names_are_generated(lab: Lab, real: Real) -> None:
    answer = lab.create("configmaps", {**NAMED_B, "metadata": {"generateName": "gen-"}})
    metadata = answer.body["metadata"]
    fits = bool(re.fullmatch("gen-[a-z0-9]{5}", metadata["name"]))
    found = [answer.code, fits, metadata["generateName"]]
    assert found == real["objects: generateName"]


def test_a_dry_run_keeps_nothing(lab: Lab, real: Real) -> None:
    code = lab.create("configmaps", config_map("dry"), dryRun="All").code
    assert [code, lab.get("configmaps", "dry").code] == real["objects: dry run"]


def test_an_object_is_patched_and_replaced(lab: Lab, real: Real) -> None:
    lab.create("configmaps", config_map("p", {"x": "1", "y": "z"}, {"k": "v"}))
    change = {"data": {"k2": "v2"}, "metadata": {"labels": {"y": None}}}
    merged = lab.patch("configmaps", "p", change, MERGE)
    found = [merged.code, merged.body["data"], merged.body["metadata"]["labels"]]
    assert found == real["objects: merge patch"]

    removed = lab.patch("configmaps", "p", [{"op": "remove", "path": "/data/k2"}], JSON)
    assert [removed.code, removed.body["data"]] == real["objects: json patch"]
    failed = lab.patch("configmaps", "p", [{"op": "remove", "path": "/data/none"}], JSON)
    assert failed.refusal == real["objects: json patch that fails"]
    unknown = lab.patch("configmaps", "p", "{}", "text/plain")
    assert unknown.refusal == real["objects: patch of a wrong type"]

    path, stale = lab.path("configmaps", "p"), removed.body
    fresh = lab.api("PUT", path, {**stale, "data": {"k": "w"}})
    versions = [body["metadata"]["resourceVersion"] for body in (fresh.body, stale)]
    found = [fresh.code, fresh.body["data"], versions[0] != versions[1]]
    assert found == real["objects: update"]
    refused = without_details(lab.api("PUT", path, {**stale, "data": {"k": "lost"}}))
    refused["message"] = refused["message"].replace('"p"', '"a"')
    assert refused == real["objects: stale update"]
    renamed = lab.api("PUT", path, config_map("other"))
    assert renamed.refusal == real["objects: update with another name"]


@pytest.mark.parametrize(
    ("query", "fact"),
    [
        ({"labelSelector": "set=s"}, "objects: labelSelector set=s"),
        ({"labelSelector": "i!=1,set=s"}, "objects: labelSelector i!=1,set=s"),
        ({"labelSelector": "i in (0,2)"}, "objects: labelSelector i in (0,2)"),
        ({"labelSelector": "i notin (0,2),set"}, "objects: labelSelector i notin (0,2),set"),
        ({"labelSelector": "!i,set"}, "objects: labelSelector !i,set"),
        ({"labelSelector": "set==s,i=2"}, "objects: labelSelector set==s,i=2"),
        ({"labelSelector": "x=1,y=z"}, "objects: labelSelector x=1"),
        ({"fieldSelector": "metadata.name=s1"}, "objects: fieldSelector metadata.name"),
    ],
    ids=str,
)
def test_a_selector_finds(several: Lab, real: Real, query: Any, fact: str) -> None:
    answer = several.get("configmaps", **query)
    assert [answer.code, names(answer)] == real[fact]


@pytest.mark.parametrize(
    ("query", "fact"),
    [
        ({"labelSelector": "a b c"}, "objects: bad labelSelector"),
        ({"fieldSelector": "data.k=v"}, "objects: unsupported fieldSelector"),
    ],
    ids=str,
)
def test_a_selector_is_refused(lab: Lab, real: Real, query: Any, fact: str) -> None:
    assert lab.get("configmaps", **query).refusal == real[fact]


def test_a_list_comes_in_pages(several: Lab, real: Real) -> None:
    query = {"labelSelector": "set=s", "limit": "2"}
    first = several.get("configmaps", **query)
    token = first.body["metadata"].get("continue")
    assert [names(first), bool(token)] == real["objects: first page"]
    second = several.get("configmaps", **query, **{"continue": token})
    more = bool(second.body["metadata"].get("continue"))
    found = [names(second), more, second.body["kind"], second.body["apiVersion"]]
    assert found == real["objects: second page"]


def test_a_list_comes_as_a_table(several: Lab, real: Real) -> None:
    path = several.path("configmaps")
    table = several.api("GET", path, accept=TABLE, labelSelector="set=s").body
    columns = [column["name"] for column in table["columnDefinitions"]]
    assert [table["kind"], columns] == real["objects: as Table"]


def test_objects_are_deleted_one_by_one_and_together(lab: Lab, real: Real) -> None:
    for i in range(3):
        lab.create("configmaps", config_map(f"d{i}", {"gone": "soon"}))
    one = lab.delete("configmaps", "d0")
    details = one.body["details"]
    found = [one.code, one.body["kind"], one.body["status"], details["name"], details["kind"]]
    assert found == [v if v != "s0" else "d0" for v in real["objects: delete"]]
    rest = lab.delete("configmaps", labelSelector="gone=soon")
    found = [rest.code, rest.body["kind"], [name.replace("d", "s") for name in names(rest)]]
    assert found == real["objects: delete collection"]


def test_a_finalizer_holds_an_object(lab: Lab, real: Real) -> None:
    body = {"metadata": {"name": "fin", "finalizers": ["example.org/hold"]}}
    lab.create("configmaps", body)
    code, held = lab.delete("configmaps", "fin").code, lab.get("configmaps", "fin")
    found = [code, held.code, "deletionTimestamp" in held.body["metadata"]]
    assert found == real["objects: finalizer holds"]
    lab.patch("configmaps", "fin", {"metadata": {"finalizers": None}})
    assert lab.get("configmaps", "fin").code == real["objects: finalizer removed"]


def test_a_secrets_text_is_kept_as_data(lab: Lab, real: Real) -> None:
    answer = lab.create("secrets", {"metadata": {"name": "s"}, "stringData": {"p": "w"}})
    body = answer.body
    found = [answer.code, body["type"], body["data"], "stringData" in body]
    assert found == real["objects: secret"]


def test_a_headless_service_is_completed(lab: Lab, real: Real) -> None:
    spec = {"clusterIP": "None", "selector": {"app": "t"}, "ports": [{"port": 80}]}
    answer = lab.create("services", {"metadata": {"name": "svc"}, "spec": spec})
    shown = answer.body["spec"]
    fields = [shown[f] for f in ("clusterIP", "type", "ports", "sessionAffinity")]
    assert [answer.code, *fields] == real["objects: headless service"]


def test_a_claim_waits(lab: Lab, real: Real) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    answer = lab.create("persistentvolumeclaims", {"metadata": {"name": "pvc"}, "spec": spec})
    body = answer.body
    found = [answer.code, body["spec"]["volumeMode"], body["status"]["phase"]]
    assert found == real["objects: pvc"]
