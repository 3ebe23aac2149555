"""The sentences that the server tells people, as patterns that the front end can translate.

The server speaks English only: who reads its words later is not known when they are made. The
front end recognises them by these patterns (``There is no image %1.``) and says them in the
user's language. Run this to write the list anew; a test fails while it is out of date.
"""

from __future__ import annotations

import ast
import calendar
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from pydantic import BaseModel

from jupyter_trainhub.specs.instance import InstanceSpec
from jupyter_trainhub.specs.job import JobSpec
from jupyter_trainhub.specs.mount import CsiVolume, Mount, NfsExport
from jupyter_trainhub.specs.snapshot import SnapshotSpec
from jupyter_trainhub.specs.tensorboard import TensorBoardSpec
from jupyter_trainhub.specs.transfer import CopySpec, ExportSpec, LoadSpec
from jupyter_trainhub.specs.volume import JobVolume

ROOT = Path(__file__).parent.parent
LIST = ROOT / "labextension" / "src" / "serverSentences.json"

MODULES = {
    "manifests": "activity claim_status disruption failure fitness fitness_rules folders history"
    " idle_words instance_status job_attempt job_phase job_status log_hints pod_status probe"
    " scheduling tensorboard_status termination"
    " transfer troubles usage waiting workload_status",
    "manifests/frameworks": "code port",
    "specs": "base entry job mount names place quantity resources storage tensorboard"
    " virtual_cluster volume",
    "hub": "cluster notebooks policy storages",
    "hub/access": "entrances forwarding ide interfaces reach shell terminals",
    "hub/capacity": "check fit quota refusal request room",
    "hub/idle": "activity manager",
    "hub/images": "default failures fitness look modules naming",
    "hub/images/catalogue": "listing manager reading usage",
    "hub/images/copies": "archive_paths archives arrival registry_jobs relay",
    "hub/images/registries": "manager passwords",
    "hub/images/snapshots": "base ending manager measurement node_reader publication rootfs_diff"
    " saving spools",
    "hub/images/transfers": "handover manager outcome records",
    "hub/instances": "creation editing manager readiness",
    "hub/jobs": "attempts creation frameworks keeping manager program requests restarts stopping"
    " yaml",
    "hub/jobs/log": "opening reader request",
    "hub/jobs/scalars": "manager reader",
    "hub/metrics": "cadvisor kubelets manager node_stats nvidia_smi pod_metrics prometheus",
    "hub/runs": "comparison export folder git log manager record recording store",
    "hub/tensorboards": "folders job_logs manager matching resolve roots running scalars state"
    " view",
    "hub/tensorboards/cluster": "creation manager programs",
    "hub/tensorboards/found": "manager processes",
    "hub/tensorboards/local": "ending interpreter launching manager registry shown",
    "hub/volumes": "answer download manager naming readers",
    "inpod/files": "__main__ archive opening",
    "inpod/launch": "__main__ command ending files mpi peers rank_errors remote_shell setup shape"
    " supervisor",
    "inpod/rootfs_diff": "layer measurement opening secrets start walk",
    "inpod/serve_tensorboard": "__main__ broken_files data_server importing loader log_folder",
    "kube": "client credentials exec portforward refusal resources stream",
    "notebook": "bundle cells checks folder ignore_file ipython_syntax magics markdown modules"
    " outcome parameters paths plan ranks remark scripts shell shipment source translation",
    "registry": "archive authentication blob client composition copying documents download endpoint"
    " failures layered_tree listing manifest merge pushing recipe reference requirements saving tar"
    " tar_stream transport",
    "server": "base body connection contents failures fitness idle ignore_file images instances"
    " jobs logs notebook runs snapshots ssh tensorboard_upstreams tensorboards terminals volumes",
    "snapshotter": "__main__ container failures overlay union",
    "ssh": "view",
}
_SPECS: tuple[type[BaseModel], ...] = (
    *(InstanceSpec, JobSpec, JobVolume, Mount, NfsExport, CsiVolume),
    *(SnapshotSpec, CopySpec, LoadSpec, ExportSpec, TensorBoardSpec),
)

# What pydantic says of a value of the wrong kind or size.
_PYDANTIC = (
    "Input should be %1",
    "Input should be greater than %1",
    "Input should be greater than or equal to %1",
    "Input should be less than or equal to %1",
    "Input should be a valid integer",
    "Input should be a valid integer, got a number with a fractional part",
    "Input should be a valid integer, unable to parse string as an integer",
    "Input should be a valid number",
    "Input should be a valid boolean",
    "Input should be a valid boolean, unable to interpret input",
    "Input should be a valid string",
    "Input should be a valid list",
    "Input should be a valid dictionary",
    "Input should be a valid dictionary or instance of %1",
    "String should match pattern %1",
    "String should have at least %1 character",
    "String should have at most %1 characters",
    "List should have at least %1 item after validation, not %2",
    "List should have at most %1 items after validation, not %2",
)
_TIMES = ("%1 UTC", "%1 UTC on %2", *(f"%1 {month}" for month in calendar.month_name[1:]))

# What is put together of words that no module holds in one piece.
_COMPOSED = (
    "%1 CPUs",
    "%1 GPUs",
    "%1 is cordoned",
    "%1 is in the state %2",
    "%1 is not ready",
    "cell %1, line %2: %3",
    "the installation by %1 failed:\n%2",
    "%1 cannot import TensorBoard (%2)",
    "Rank %1 ended with exit code %2.",
    "Rank %1 used more memory than its limit%2.",
    "Rank %1 was ended by %2 (exit code %3).",
    "the image has no %1 and no %2, by which nodes of framework mpi reach each other; add %3 to it",
)

# Calls whose first arguments are not for people: regular expressions, words of the machine.
_PATTERNS = {"Hint": 2} | dict.fromkeys(
    ("Rule", "compile", "fullmatch", "match", "search", "split", "sub"), 1
)
_UNTOLD = {"Field", "debug", "info", "warning", "error", "get", "strftime", "AssertionError"} | {
    *("exception", "say", "report", "print", "add", "add_argument", "ArgumentParser"),
    *("_comment", "_copies"),
}
# Texts with spaces that are no words of ours: what the cluster says, programs, formats.
_FOREIGN = re.compile(
    r"%H:%M|\n|\||\$ ?\{|^(import|from) |^(RUN|COPY) |^\(|exceeded quota|^exit code$|not found$"
    r"|^does not have a host|^executable file|^no such file|permission denied$|refused$"
    r"|^preemption:|^kill |IFS=|is forbidden:|^token %1|escaped name|does not start with"
    r"|^command -v|^1 of 1|^Connection >|^Session >|^(ssh|scp|pip) |%s|charset=|^\w+\["
    r"|^#|^ && |^--|^(FROM|USER|Basic|Bearer|bytes|adduser|useradd|sed|echo) |^(1|%1) files?$"
    r"|ALL=|^HTTP request|trainhub$|^trainhub: |\[trainhub\]|^usage: |^(exec|restrict|attachment)\W"
    r"|by \(pod|\{\$|^violates |^must support|^Failed to pull image$"
    r"|^Fatal Python|^(__import__|device)\(|^def f|^%env %1$|^%1 MiB$"
    r"|^-m pip |^Too many open files$|^listening on "
)
# Titles that the front end knows by their names.
_TITLES = {"Python kernel", "SSH server", "SSH client", "SSH port", "SSH login by password"} | {
    *("sudo without a password", "Open MPI", "User name")
}


def sentences() -> list[str]:
    """Every pattern once, in alphabetical order. ``%1`` stands for a name, an amount, a cause."""
    found = {*_PYDANTIC, *_TIMES, *_COMPOSED}
    for folder, names in MODULES.items():
        for name in names.split():
            path = ROOT / "jupyter_trainhub" / folder / f"{name}.py"
            found.update(told(path.read_text(encoding="utf-8")))
    for spec in _SPECS:
        # An error's remedy is its field's description where nothing else is known.
        found.update(field.description or "" for field in spec.model_fields.values())
    known = {text[:1].lower() + text[1:] for text in found if text.endswith(".")}
    # A capital and a full stop make no other sentence.
    return sorted(
        text
        for text in found - _TITLES - {f"{text[:1].lower()}{text[1:]}" for text in _capital(found)}
        if text and f"{text[:1].lower()}{text[1:]}." not in known
    )


def _capital(texts: set[str]) -> Iterator[str]:
    return (text for text in texts if text[:1].isupper())


def told(source: str) -> Iterator[str]:
    """The patterns in a module's source: its literal and formatted texts of several words."""
    tree = ast.parse(source)
    untold = set(_untold(tree))
    for node in ast.walk(tree):
        text = "" if node in untold else _text(node)
        pattern = text.strip()
        has_words = re.search(r"[A-Za-z]{2}", re.sub(r"%\d+", "", text))
        if has_words and re.search(r" |^[A-Z]\w+\.$", pattern) and not _FOREIGN.search(text):
            yield _alone(pattern)


def _alone(pattern: str) -> str:
    """The pattern without the sentence in front of it, which is one by itself."""
    if not re.match(r"%1 [A-Z](?![A-Z])", pattern):
        return pattern
    return re.sub(r"%(\d)", lambda found: f"%{int(found[1]) - 1}", pattern[3:])


def _untold(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield from (part for part in node.values if isinstance(part, ast.Constant))
            formats = (part.format_spec for part in node.values if hasattr(part, "format_spec"))
            yield from (part for part in formats if part is not None)
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            whole = node.args + [word.value for word in node.keywords]
            patterns = node.args[: _PATTERNS.get(name, 0)]
            hidden = whole if name in _UNTOLD else patterns
            yield from (inner for argument in hidden for inner in ast.walk(argument))


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        # Texts of rules are filled in by `format_map`; others hold no braces around a word.
        return _numbered(node.value) if re.search(r"\{\w+(!r)?\}", node.value) else node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else f"%{number}"
        for number, part in _counted(node.values)
    )


def _counted(parts: list[ast.expr]) -> Iterator[tuple[int, ast.expr]]:
    number = 0
    for part in parts:
        number += not isinstance(part, ast.Constant)
        yield number, part


def _numbered(text: str) -> str:
    parts = enumerate(Formatter().parse(text), 1)
    return "".join(f"{words}%{n}" if name is not None else words for n, (words, name, *_) in parts)


if __name__ == "__main__":
    LIST.write_text(json.dumps(sentences(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
