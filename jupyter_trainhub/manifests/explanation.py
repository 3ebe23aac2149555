"""What Kubernetes says of a trouble, as one sentence and one next step for people.

Kubernetes, container runtimes and ``mount`` each have their own words for the same few troubles;
:mod:`~jupyter_trainhub.manifests.troubles` lists them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Explanation:
    """Why something is as it is: a machine's word, a sentence, what to do next, the raw text."""

    reason: str
    message: str
    remedy: str | None = None
    details: str | None = None


@dataclass(frozen=True)
class Rule:
    """Words to recognise (a regular expression, searched), and what they mean to people.

    ``{name}`` in an answer is a group of the pattern or a fact that the caller knows.
    """

    pattern: str
    message: str
    remedy: str | None = None


# Characters that are looked at. Kubernetes' own texts are shorter, but anybody may write an event,
# and for some patterns twice the length takes four times as long.
_LONGEST = 4096


def explain(rules: Sequence[Rule], reason: str, text: str, **facts: str) -> Explanation | None:
    """What the first rule that matches ``text`` makes of it; None when none does."""
    for rule in rules:
        found = re.search(rule.pattern, text[:_LONGEST], re.IGNORECASE | re.DOTALL)
        if found:
            words = {**facts, **{name: word or "" for name, word in found.groupdict().items()}}
            remedy = rule.remedy.format_map(words) if rule.remedy else None
            return Explanation(reason, rule.message.format_map(words), remedy, text or None)
    return None


def last_cause(text: str) -> str:
    """The innermost of causes that are strung together by ``: ``."""
    return text.strip().rsplit(": ", 1)[-1].strip().rstrip(".")
