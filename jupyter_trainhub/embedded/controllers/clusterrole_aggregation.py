"""ClusterRoles that are made of others: the rules of all that carry a label."""

from __future__ import annotations

from ..apimachinery import selectors
from ..apimachinery.resources import CLUSTERROLES
from ..apiserver.store import Change, Key, Object, key_of
from . import Controller


class ClusterRoleAggregationController(Controller):
    """Keeps the rules of ClusterRoles that have an ``aggregationRule``."""

    def changed(self, change: Change) -> None:
        """Any ClusterRole may belong to any other."""
        if change.resource is CLUSTERROLES:
            self.resync()

    def resync(self) -> None:
        """Queue all that are made of others."""
        for role in self.store.list(CLUSTERROLES):
            if role.get("aggregationRule"):
                self.enqueue(("", role["metadata"]["name"]))

    def sync(self, key: Key) -> None:
        """Gather one role's rules, in the order of the others' names."""
        role = self.store.find(CLUSTERROLES, *key)
        if role is None or not role.get("aggregationRule"):
            return
        wanted = role["aggregationRule"].get("clusterRoleSelectors") or []
        rules: list[Object] = []
        for other in sorted(self.store.list(CLUSTERROLES), key=key_of):
            labels = other["metadata"].get("labels") or {}
            if other is not role and any(selectors.matches_selector(s, labels) for s in wanted):
                rules += [rule for rule in other.get("rules") or [] if rule not in rules]
        if rules != (role.get("rules") or []):
            self.registry.update(CLUSTERROLES, *key, {**role, "rules": rules})
