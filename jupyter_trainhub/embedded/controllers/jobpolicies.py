"""What a Job says of its pods' ends: podFailurePolicy and successPolicy."""

from __future__ import annotations

from typing import Any

from . import indexes

Object = dict[str, Any]


def failure_action(job: Object, pod: Object) -> tuple[str, str]:
    """What the first rule that matches a failed pod does, and what it says of that.

    ``Count`` where no rule matches. The message goes with ``FailJob``.
    """
    metadata = pod["metadata"]
    called = f"{metadata['namespace']}/{metadata['name']}"
    for position, rule in enumerate((job["spec"].get("podFailurePolicy") or {}).get("rules") or []):
        if "onExitCodes" in rule:
            found = _exited(pod["status"], rule["onExitCodes"])
            name, code = found or ("", 0)
            what = found and f"Container {name} for pod {called} failed with exit code {code}"
        else:
            kind = _condition(pod["status"], rule.get("onPodConditions") or [])
            what = kind and f"Pod {called} has condition {kind}"
        if what:
            action = rule["action"]
            return action, f"{what} matching {action} rule at index {position}"
    return "Count", ""


def _exited(status: Object, wanted: Object) -> tuple[str, int] | None:
    for field in ("containerStatuses", "initContainerStatuses"):
        for container in status.get(field) or []:
            code = ((container.get("state") or {}).get("terminated") or {}).get("exitCode", 0)
            if code == 0 or wanted.get("containerName", container["name"]) != container["name"]:
                continue
            if (code in wanted["values"]) == (wanted["operator"] == "In"):
                return container["name"], code
    return None


def _condition(status: Object, patterns: list[Object]) -> str:
    wanted = {(p["type"], p["status"]) for p in patterns}
    conditions = status.get("conditions") or []
    return next((c["type"] for c in conditions if (c["type"], c["status"]) in wanted), "")


def success_rule(job: Object, succeeded: set[int]) -> int | None:
    """Which rule of its successPolicy the succeeded indexes fulfil; None: none of them."""
    rules = (job["spec"].get("successPolicy") or {}).get("rules") or []
    for position, rule in enumerate(rules if succeeded else []):
        count, named = rule.get("succeededCount"), indexes.parse(rule.get("succeededIndexes"))
        reached = succeeded & named if named else succeeded
        if (named and reached == named) or (count is not None and len(reached) >= count):
            return position
    return None
