"""A pod of an attempt that failed, and what the end of its log tells. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_trainhub.inpod.lost_peer import lost_peer
from jupyter_trainhub.inpod.python_traceback import Block, read_tracebacks, stories
from jupyter_trainhub.manifests import log_record
from jupyter_trainhub.manifests.labels import Object

# Tracebacks with more lines between them have nothing to do with each other.
_GAP = 60
# What torchrun raises itself, for its ranks.
_LAUNCHERS = ("ChildFailedError", "SignalException")
# Errors that are taken of what a pod tells: whatever runs there may write in the launcher's name.
_MOST_ERRORS = 64


@dataclass(frozen=True)
class Node:
    """One pod of the attempt as its job's view has it, and what the end of its log tells."""

    pod: Object
    lines: Sequence[str] = ()
    errors: Sequence[Object] = ()
    stories: Sequence[Sequence[Block]] = ()

    @classmethod
    def of(cls, pod: Object, log: bytes) -> Node:
        """``log`` is the end of the pod's, with records."""
        shown = [line for line in map(log_record.shown, log.splitlines(keepends=True)) if line]
        lines = [line.decode(errors="replace").rstrip() for line in shown]
        told = (record.get("errors") for record in log_record.find(log, "errors"))
        errors = [error for listed in told if isinstance(listed, list) for error in listed]
        del errors[_MOST_ERRORS:]
        found = [
            story
            for story in stories(read_tracebacks("\n".join(lines)))
            if not story[-1].etype.endswith(_LAUNCHERS)
        ]
        return cls(pod, lines, [error for error in errors if isinstance(error, dict)], found)

    def story_of(self, rank: int | None) -> Sequence[Block] | None:
        """The first of the last tracebacks that PyTorch marks as the rank's."""
        return next((story for story in self._last() if story[0].rank == rank), None)

    def unranked_story(self) -> Sequence[Block] | None:
        """The last traceback that nobody marks; of several the first that is no lost peer's."""
        last = [story for story in self._last() if story[0].rank is None]
        own = (story for story in last if not lost_peer(f"{story[-1].etype}: {story[-1].message}"))
        return next(own, last[0] if last else None)

    def story_with(self, etype: str | None, message: str | None) -> Sequence[Block]:
        """Where the log shows the traceback of an error that was told; empty where it does not."""
        told = (etype, (message or "").partition("\n")[0])
        for story in self.stories:
            if any((block.etype.rpartition(".")[2], block.message) == told for block in story):
                return story
        return ()

    def _last(self) -> list[Sequence[Block]]:
        """The tracebacks of the log's end, as far as they belong together."""
        found: list[Sequence[Block]] = []
        for story in reversed(self.stories):
            if found and found[0][0].start - story[-1].end > _GAP:
                break
            found.insert(0, story)
        return found
