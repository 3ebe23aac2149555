"""CustomResourceDefinitions: accepted names, conditions, and the end of a kind with its objects."""

from __future__ import annotations

from typing import Any

from ..apimachinery import clock
from ..apimachinery.conditions import is_true, put
from ..apimachinery.resources import CUSTOMRESOURCEDEFINITIONS, STORED
from ..apiserver import cel
from ..apiserver.customresources import CLEANUP, CustomResource
from ..apiserver.store import Change, Key, Object, key_of
from . import Controller

_CONFLICTS = {"plural": "PluralConflict", "singular": "SingularConflict",
              "shortNames": "ShortNamesConflict", "kind": "KindConflict",
              "listKind": "ListKindConflict"}  # fmt: skip


class CustomResourceDefinitionController(Controller):
    """Establishes definitions, and deletes the objects of those that are to go."""

    def changed(self, change: Change) -> None:
        """A definition that is another than before, or what left a kind that may be to go."""
        metadata = change.object["metadata"]
        if isinstance(change.resource, CustomResource) and change.type == "DELETED":
            self.enqueue(("", change.resource.qualified))
        elif change.resource is CUSTOMRESOURCEDEFINITIONS:
            before = (change.previous or {}).get("metadata") or {}
            if change.type == "DELETED":
                self.resync()  # Its names have become free.
            elif "deletionTimestamp" in metadata or (
                before.get("generation") != metadata["generation"]
            ):
                self.enqueue(("", metadata["name"]))

    def resync(self) -> None:
        """Queue what is not established, or is to go."""
        for definition in self.store.list(CUSTOMRESOURCEDEFINITIONS):
            going = "deletionTimestamp" in definition["metadata"]
            if going or not is_true(definition, "Established"):
                self.enqueue(("", definition["metadata"]["name"]))

    def sync(self, key: Key) -> None:
        """Bring the status up to date, or end the kind."""
        definition = self.store.find(CUSTOMRESOURCEDEFINITIONS, *key)
        if definition is None:
            return
        if "deletionTimestamp" in definition["metadata"]:
            self._end(definition)
            return
        others = [
            d["status"]["acceptedNames"] for d in self.store.list(CUSTOMRESOURCEDEFINITIONS)
            if d["spec"]["group"] == definition["spec"]["group"]
            and d["metadata"]["name"] != key[1]
        ]  # fmt: skip
        status = established(definition, others)
        if status != definition["status"]:
            self.registry.update_status(CUSTOMRESOURCEDEFINITIONS, definition, status)

    def _end(self, definition: Object) -> None:
        metadata = definition["metadata"]
        if CLEANUP not in (metadata.get("finalizers") or ()):
            return
        kinds = [r for r in STORED if r.qualified == metadata["name"]]
        for kind in kinds:
            for obj in self.store.list(kind):
                if "deletionTimestamp" not in obj["metadata"]:
                    self.registry.delete(kind, *key_of(obj))
        if any(self.store.list(kind) for kind in kinds):
            ending = _condition("Terminating", "True", "InstanceDeletionInProgress",
                                "CustomResource deletion is in progress")  # fmt: skip
            conditions = put(definition["status"].get("conditions"), ending)
            status = {**definition["status"], "conditions": conditions}
            self.registry.update_status(CUSTOMRESOURCEDEFINITIONS, definition, status)
            return
        self.remove_finalizer(CUSTOMRESOURCEDEFINITIONS, definition, CLEANUP)


def established(definition: Object, others: list[Object]) -> Object:
    """The status of a definition, given the names accepted for others of its group."""
    wanted, status = definition["spec"]["names"], definition["status"]
    accepted = dict(status["acceptedNames"])
    resources = {n for o in others for n in _names(o, "plural", "singular", "shortNames")}
    kinds = {n for o in others for n in _names(o, "kind", "listKind")}
    names = _condition("NamesAccepted", "True", "NoConflicts", "no conflicts found")
    for field, reason in _CONFLICTS.items():
        taken = kinds if "ind" in field else resources
        new = [n for n in _names(wanted, field) if n not in _names(accepted, field)]
        if clash := next((n for n in new if n in taken), None):
            text = f'"{clash}" is already in use'
            names = _condition("NamesAccepted", "False", reason, text)
        elif field in wanted:
            accepted[field] = wanted[field]
        else:
            accepted.pop(field, None)
    if "categories" in wanted:
        accepted["categories"] = wanted["categories"]
    conditions = put(status.get("conditions"), names)
    if not is_true(definition, "Established"):
        state = _condition("Established", "False", "NotAccepted", "not all names are accepted")
        if names["status"] == "True":
            text = "the initial names have been accepted"
            state = _condition("Established", "True", "InitialNamesAccepted", text)
        conditions = put(conditions, state)
    skipped = [line for version in definition["spec"]["versions"]
               for line in cel.uncompiled(version["schema"]["openAPIV3Schema"])]  # fmt: skip
    if skipped:
        text = "; ".join(skipped)
        state = _condition("ValidationRulesSkipped", "True", "NotCompiled", text)
        conditions = put(conditions, state)
    return {**status, "acceptedNames": accepted, "conditions": conditions}


def _names(names: Object, *fields: str) -> list[str]:
    found: list[Any] = [names.get(field) for field in fields]
    return [n for f in found if f for n in (f if isinstance(f, list) else [f])]


def _condition(kind: str, status: str, reason: str, message: str) -> Object:
    return {"type": kind, "status": status, "lastTransitionTime": clock.now(), "reason": reason,
            "message": message}  # fmt: skip
