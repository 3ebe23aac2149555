"""The JavaScript that widgets send to the browser."""

from __future__ import annotations

import re
import subprocess
from importlib.resources import files
from pathlib import Path

from jupyter_trainhub.widgets import front_end

SOURCES = {
    path.name: path.read_text(encoding="utf-8") for path in Path(str(files(front_end))).glob("*.js")
}


def test_the_modules_join_to_one(tmp_path: Path) -> None:
    module = tmp_path / "module.mjs"
    module.write_text(front_end.module())
    # Names declared twice, or left unknown by the order, would not parse or not run.
    subprocess.run(["node", module], check=True, timeout=30)
    assert "import " not in front_end.module()
    assert front_end.module().count("export ") == 1
    declared = re.findall(r"^(?:function|class|const) (\w+)", front_end.module(), re.MULTILINE)
    assert {"renderJob", "LogPane", "styled"} <= set(declared)
    assert len(declared) == len(set(declared))


def test_every_module_is_sent_after_those_that_it_imports() -> None:
    for name, source in SOURCES.items():
        imported = re.findall(r"from '\./(\w+\.js)';", source)
        places = [front_end.ORDER.index(other) for other in (*imported, name)]
        assert places[-1] == max(places), name


def test_everything_said_can_be_said_in_chinese() -> None:
    # What is said between quotes, on one line or the next.
    said = {
        text
        for name, source in SOURCES.items()
        if name != "words.js"
        for text in re.findall(r"\bsay\(\s*'([^']+)'", source)
    }
    known = set(re.findall(r"^  (?:'([^']+)'|(\w+)):", SOURCES["words.js"], re.MULTILINE))
    words = {quoted or plain for quoted, plain in known}
    assert len(said) > 20
    assert said <= words
    built = {f"{what} %1{of}" for what in ("step", "epoch") for of in ("", " of %2")}
    phases = {"Suspended", "Pending", "Running", "Succeeded", "Failed", "Stopping", "Stopped"}
    assert built | phases <= words
    unused = words - said - built - phases - {"Starting"}
    assert not unused
