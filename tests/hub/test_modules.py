"""What the Python of an image can import: the look, and what is kept of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jupyter_trainhub.config import TrainHubConfig
from jupyter_trainhub.errors import Conflict, InvalidField
from jupyter_trainhub.hub.images.look import Seen
from jupyter_trainhub.hub.images.modules import ImageModules
from jupyter_trainhub.inpod import program

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
IMAGE = "example.com/team/x:1"


class Bench:
    """Modules of images that print ``text``; ``tags`` are the digests in the registry."""

    def __init__(self, folder: Path, **nodes: Any) -> None:
        self.text: str | None = 'a banner\n{"python": "3.12.1", "modules": ["torch", "cv2"]}\n'
        self.tags = {"1": DIGEST}
        self.looks = 0
        node = {"status": {"images": nodes.get("images", [])}}
        self.modules = self.anew(folder, node)

    def anew(self, folder: Path, node: Any = None) -> ImageModules:
        """As another process would have them."""
        config: Any = TrainHubConfig()
        registries: Any = SimpleNamespace(glance=lambda *_: SimpleNamespace(resolve=self._resolve))
        nodes: Any = SimpleNamespace(visible=lambda: [node or {}])
        look: Any = SimpleNamespace(into=self._into)
        return ImageModules(config, nodes, registries, look, folder)

    def _resolve(self, tag: str) -> Any:
        return SimpleNamespace(digest=self.tags[tag]) if tag in self.tags else None

    def _into(self, image: str, command: list[str], **_: Any) -> Seen:
        self.looks += 1
        return Seen(self.text, self.tags.get(image.rpartition(":")[2], DIGEST))


def test_an_image_is_looked_into_once_for_each_digest(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.modules.known(IMAGE)["state"] == "unknown"
    found = bench.modules.look(IMAGE)
    assert (found["python"], found["modules"]) == ("3.12.1", ["torch", "cv2"])
    assert bench.anew(tmp_path).known(IMAGE) == found
    # By whatever name.
    assert bench.modules.known(f"other/name@{DIGEST}")["modules"] == found["modules"]
    bench.tags["1"] = OTHER
    assert bench.modules.known(IMAGE)["state"] == "unknown"


def test_a_node_names_the_digest_where_no_registry_does(tmp_path: Path) -> None:
    held = [{"names": [f"example.com/team/x@{DIGEST}", IMAGE]}]
    bench = Bench(tmp_path, images=held)
    bench.modules.look(IMAGE)
    bench.tags.clear()
    assert bench.modules.known(IMAGE)["modules"] == ["torch", "cv2"]
    assert bench.modules.known("example.com/team/y:1")["state"] == "unknown"


def test_the_machine_itself_is_believed_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    assert bench.modules.known("host")["instant"]
    bench.modules.look("host")
    assert bench.modules.known("host")["state"] == "known"
    monkeypatch.setattr("jupyter_trainhub.hub.images.modules._FRESH", 0.0)
    assert bench.modules.known("host")["state"] == "unknown"


def test_an_image_without_python(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.text = None
    found = bench.modules.look(IMAGE)
    assert (found["state"], found["python"]) == ("known", None)
    assert "python" in (found["message"] or "")


def test_what_is_no_answer_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.text = "  File '<string>', line 3\nSyntaxError: invalid syntax\n"
    with pytest.raises(Conflict, match="did not tell"):
        bench.modules.look(IMAGE)
    with pytest.raises(InvalidField):
        bench.modules.known("Not A Name")


@pytest.mark.parametrize("kept", ["", "[]", '{"python": 3}'])
def test_a_broken_file_is_as_none(tmp_path: Path, kept: str) -> None:
    bench = Bench(tmp_path)
    bench.modules.look(IMAGE)
    (path,) = tmp_path.iterdir()
    path.write_text(kept)
    assert bench.anew(tmp_path).known(IMAGE)["state"] == "unknown"


def test_the_oldest_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_trainhub.hub.images.modules._MOST", 2)
    bench = Bench(tmp_path)
    for number in range(4):
        bench.tags["1"] = f"sha256:{number:064d}"
        bench.modules.look(IMAGE)
    assert len(list(tmp_path.iterdir())) == 2
    assert bench.modules.known(IMAGE)["state"] == "known"


def test_the_program_finds_what_python_can_import(tmp_path: Path) -> None:
    (tmp_path / "plain.py").touch()
    (tmp_path / "spaced" / "inner").mkdir(parents=True)
    (tmp_path / "no-module.py").touch()
    (tmp_path / "some-1.0.dist-info").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program("modules.py").decode()],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert {"plain", "spaced", "pytest", "yaml"} <= set(found["modules"])
    assert not {"os", "json", "sys", "no-module", "some"} & set(found["modules"])
    assert found["python"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")


def test_a_digest_of_the_nodes_own_is_believed_for_a_while(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.tags = {"2": DIGEST}
    bench.modules.look(IMAGE)  # of which the registry has nothing
    assert bench.modules.known(IMAGE)["state"] == "known"
