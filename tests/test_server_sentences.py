"""The list of the server's sentences, by which the front end translates them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from jupyter_trainhub.errors import InvalidField
from jupyter_trainhub.manifests import log_hints, scheduling, troubles
from jupyter_trainhub.manifests.explanation import Rule
from jupyter_trainhub.specs.job import JobSpec
from scripts.server_sentences import LIST, MODULES, ROOT, sentences, told

LOCALE = ROOT / "jupyter_trainhub" / "locale"
PATTERNS: list[str] = json.loads(LIST.read_text(encoding="utf-8"))
TELLING = ("hub", "kube", "manifests", "notebook", "registry", "server", "snapshotter", "specs")
# What they say is read by those who use the command or a notebook, and in pages of their own.
ENGLISH_ONLY = {"hub/waiting", "registry/__main__", "server/pages", "server/proxy"} | {
    *("server/ssh_tunnel", "notebook/single_cell")
}


def rules() -> set[Rule]:
    """Every rule of the tables of troubles."""
    tables = [*vars(troubles).values(), *vars(scheduling).values()]
    flat = [item for table in tables if isinstance(table, tuple) for item in table]
    return {item for item in flat if isinstance(item, Rule)}


def is_known(sentence: str) -> bool:
    """Whether some pattern matches it, with or without capital and full stop."""
    wanted = sentence.rstrip(".").lower()
    return any(
        re.fullmatch(re.sub(r"%\d", ".*", re.escape(pattern.rstrip(".").lower())), wanted)
        for pattern in PATTERNS
    )


def test_list_is_up_to_date() -> None:
    assert sentences() == PATTERNS, "Run: python -m scripts.server_sentences"


@pytest.mark.parametrize("folder", TELLING)
def test_every_module_that_says_what_to_do_is_listed(folder: str) -> None:
    package = ROOT / "jupyter_trainhub"
    telling = {
        str(path.relative_to(package).with_suffix(""))
        for path in (package / folder).rglob("*.py")
        if "remedy=" in path.read_text(encoding="utf-8")
    }
    listed = {f"{within}/{name}" for within, names in MODULES.items() for name in names.split()}
    assert telling - listed - ENGLISH_ONLY == set()


@pytest.mark.parametrize("path", sorted(LOCALE.glob("*/LC_MESSAGES/*.json")), ids=str)
def test_catalogue_has_every_sentence(path: Path) -> None:
    catalogue = json.loads(path.read_text(encoding="utf-8"))
    assert [text for text in PATTERNS if f"server\4{text}" not in catalogue] == []


def test_every_rule_has_its_pattern() -> None:
    assert len(rules()) > 50
    answers = {text for rule in rules() for text in (rule.message, rule.remedy) if text}
    answers |= {text for hint in log_hints.HINTS for text in (hint.title, hint.remedy)}
    filled = {re.sub(r"\{\w+(!r)?\}", "'a word'", text) for text in answers}
    assert {text for text in filled if not is_known(text)} == set()


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "a b", "command": ["x"]},
        {"name": "a" * 60, "command": ["x"]},
        {"name": "a", "command": ["x"], "memory": "many"},
        {"name": "a", "command": ["x"], "memory": "3"},
        {"name": "a", "command": ["x"], "cpus": 0},
        {"name": "a", "command": ["x"], "gpus": -1},
        {"name": "a", "command": ["x"], "gpus": 1.5},
        {"name": "a", "command": ["x"], "env": {"1": "x"}},
        {"name": "a", "command": ["x"], "mounts": [{"path": "/proc", "claim": "c"}]},
        {"name": "a", "command": ["x"], "mounts": [{"path": "/x"}]},
        {"name": "a", "command": ["x"], "framework": "T F"},
        {"name": "a", "command": ["x"], "category": "play"},
        {"name": "a", "command": ["x"], "priority": 0},
        {"name": "a", "command": ["x"], "restarts": 21},
        {"name": "a", "command": ["x"], "skus": 2},
        {"name": "a", "command": ["x"], "ssh": "perhaps"},
        {"name": "a", "command": ["x"], "time_limit": 0},
        {"name": "a", "command": ["x"], "model_volume": {"path": "model"}},
        {"name": "a", "command": ["x"], "model_volume": {"path": "/m", "size": "much"}},
        {"name": "a", "command": ["x"], "model_volume": {"path": "/m", "claim": "A B"}},
        {
            **{"name": "a", "command": ["x"], "model_volume": {"path": "/m"}},
            "checkpoint_volume": {"path": "/m"},
        },
        {"name": "a", "command": ["x"], "host_network": "perhaps"},
        {"name": "a", "command": ["x"], "clouds": 1},
        {"name": "a", "notebook": "x.txt"},
        {"name": "a"},
        {},
    ],
)
def test_errors_of_fields_are_known(spec: dict[str, object]) -> None:
    with pytest.raises(InvalidField) as caught:
        JobSpec.parse(spec)
    error = caught.value
    assert is_known(error.message)
    assert is_known(error.remedy or "")


@pytest.mark.parametrize(
    ("source", "patterns"),
    [
        ("raise Error(f'there is no {kind} {name!r}')", ["there is no %1 %2"]),
        ("Rule(r'no such file', 'There is no image {image!r}.')", ["There is no image %1."]),
        ("Hint('a', r'no room', 'It is full.', 'Make room.')", ["It is full.", "Make room."]),
        ('"""A docstring of words."""', []),
        ("re.search('not so fast', text)", []),
        ("f'{why} It was started {count} times.'", ["It was started %1 times."]),
        (
            "f'It fits{where if where else \" on all nodes\"} now.'",
            ["It fits%1 now.", "on all nodes"],
        ),
        ("'word', 'Wait.'", ["Wait."]),
    ],
)
def test_sentences_are_found_in_source(source: str, patterns: list[str]) -> None:
    assert sorted(told(source)) == sorted(patterns)
