"""Lists and watches: pages of one state, versions, selectors, and the forms of an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.api import Api, Object
from tests.cluster.lab import Lab, config_map, names

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"


@pytest.fixture
def five(lab: Lab) -> Lab:
    """Five config maps, all of them fresh."""
    lab.delete("configmaps", labelSelector="of=five")
    for number in range(5):
        lab.create("configmaps", config_map(f"five-{number}", {"of": "five", "n": str(number)}))
    return lab


def page(lab: Lab, **query: Any) -> Any:
    return lab.get("configmaps", labelSelector="of=five", **query)


def test_all_pages_show_the_state_of_the_first(five: Lab) -> None:
    first = page(five, limit=2)
    version, token = first.body["metadata"]["resourceVersion"], first.body["metadata"]["continue"]
    five.delete("configmaps", "five-2")
    five.patch("configmaps", "five-3", {"data": {"changed": "yes"}})
    five.create("configmaps", config_map("five-9", {"of": "five"}))
    second = page(five, limit=2, **{"continue": token})
    assert names(second) == ["five-2", "five-3"]
    assert "data" not in second.body["items"][1]
    assert second.body["metadata"]["resourceVersion"] == version
    last = page(five, limit=2, **{"continue": second.body["metadata"]["continue"]})
    assert names(last) == ["five-4"]
    assert "continue" not in last.body["metadata"]
    assert names(page(five)) == ["five-0", "five-1", "five-3", "five-4", "five-9"]


def test_what_remains_is_counted_where_nothing_is_selected(five: Lab) -> None:
    total = len(five.get("configmaps").body["items"])
    assert five.get("configmaps", limit=1).body["metadata"]["remainingItemCount"] == total - 1
    assert "remainingItemCount" not in page(five, limit=1).body["metadata"]


def test_a_list_shows_the_version_that_is_asked_for(five: Lab) -> None:
    version = page(five).body["metadata"]["resourceVersion"]
    five.delete("configmaps", "five-0")
    exact = page(five, resourceVersion=version, resourceVersionMatch="Exact")
    assert (len(exact.body["items"]), exact.body["metadata"]["resourceVersion"]) == (5, version)
    newer = page(five, resourceVersion=version, resourceVersionMatch="NotOlderThan")
    assert len(newer.body["items"]) == 4


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ({"resourceVersionMatch": "Exact"}, 422,
         'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '
         "resourceVersionMatch is forbidden unless resourceVersion is provided"),
        ({"resourceVersion": "1", "resourceVersionMatch": "Roughly"}, 422,
         'Unsupported value: "Roughly": supported values: "Exact", "NotOlderThan", ""'),
        ({"sendInitialEvents": "true"}, 422, "sendInitialEvents is forbidden for list"),
        ({"watch": "1", "sendInitialEvents": "true"}, 422,
         "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
        ({"continue": "nonsense"}, 400, "continue key is not valid"),
    ],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(
    lab: Lab, query: Object, code: int, said: str
) -> None:
    refused = lab.get("configmaps", **query)
    assert refused.code == code
    assert said in refused.body["message"]


def watched(lab: Lab, **query: Any) -> list[tuple[str, str]]:
    """What a watch of the five tells within a second."""
    query = {"labelSelector": "of=five", "watch": "1", "timeoutSeconds": "1", **query}
    events = map(json.loads, lab.api.lines(lab.path("configmaps"), **query))
    return [(e["type"], e["object"]["metadata"].get("name", "")) for e in events]


def test_a_watch_list_ends_its_beginning_with_a_bookmark(five: Lab) -> None:
    told = watched(five, sendInitialEvents="true", resourceVersionMatch="NotOlderThan",
                   allowWatchBookmarks="true", fieldSelector="metadata.name=five-1")  # fmt: skip
    assert told[:2] == [("ADDED", "five-1"), ("BOOKMARK", "")]


def test_a_set_based_selector_moves_objects_in_and_out_of_a_watch(five: Lab) -> None:
    version = page(five).body["metadata"]["resourceVersion"]
    five.patch("configmaps", "five-1", {"metadata": {"labels": {"n": "8"}}})
    five.patch("configmaps", "five-2", {"metadata": {"labels": {"n": "7"}}})
    five.patch("configmaps", "five-1", {"metadata": {"labels": {"n": "1"}}})
    told = watched(five, labelSelector="of=five,n in (7,8),!gone", resourceVersion=version)
    assert told == [("ADDED", "five-1"), ("ADDED", "five-2"), ("DELETED", "five-1")]


def test_a_collection_is_deleted_by_selector(five: Lab) -> None:
    five.delete("configmaps", labelSelector="of=five,n notin (0,1)")
    assert names(page(five)) == ["five-0", "five-1"]


def test_metadata_alone_can_be_asked_for(five: Lab) -> None:
    path = five.path("configmaps")
    body = five.api("GET", path, accept=_METADATA, labelSelector="n=1").body
    assert (body["kind"], body["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    item = body["items"][0]
    assert set(item) == {"kind", "apiVersion", "metadata"}
    assert (item["kind"], item["metadata"]["name"]) == ("PartialObjectMetadata", "five-1")


@pytest.mark.parametrize(("path", "group", "plural"), [
    ("/api", None, "pods"), ("/apis", "batch", "jobs"),
])  # fmt: skip
def test_discovery_answers_all_at_once(api: Api, path: str, group: str, plural: str) -> None:
    answer = api("GET", path, accept=_AGGREGATED)
    assert answer.content_type == _AGGREGATED
    assert answer.body["kind"] == "APIGroupDiscoveryList"
    found = next(g for g in answer.body["items"] if g["metadata"].get("name") == group)
    resource = next(r for r in found["versions"][0]["resources"] if r["resource"] == plural)
    assert resource["scope"] == "Namespaced"
    assert resource["responseKind"]["kind"].lower() + "s" == plural
    assert "status" in {s["subresource"] for s in resource["subresources"]}
