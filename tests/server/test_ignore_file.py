"""What does not travel with a notebook's jobs, as the preview edits it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.calls import Fetch, Refused, call

ROUTE = ("notebooks", "ignore")
NOTEBOOK = {"path": "team/train.ipynb"}


@pytest.fixture
def folder(jp_root_dir: Path) -> Path:
    team = jp_root_dir / "team"
    team.mkdir()
    (team / "train.ipynb").write_text("{}")
    return team


async def test_it_begins_with_examples_and_keeps_what_is_typed(
    jp_fetch: Fetch, folder: Path
) -> None:
    first = await call(jp_fetch, "GET", *ROUTE, params=NOTEBOOK)
    assert first["exists"] is False
    assert all(line.startswith("#") for line in first["text"].splitlines())
    await call(jp_fetch, "PUT", *ROUTE, body={"text": "数据/\n"}, params=NOTEBOOK)
    assert (folder / ".trainhubignore").read_text(encoding="utf-8") == "数据/\n"
    await call(jp_fetch, "PUT", *ROUTE, body={"text": "x"}, params=NOTEBOOK)
    again = await call(jp_fetch, "GET", *ROUTE, params=NOTEBOOK)
    assert again == {"text": "x", "exists": True}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("../train.ipynb", {"text": ""}, 422),
        ("team/other.ipynb", {"text": ""}, 404),
        ("team/train.ipynb", {"text": 3}, 422),
        ("team/train.ipynb", {"text": "x" * 70_000}, 422),
    ],
)
async def test_what_cannot_be_written(
    jp_fetch: Fetch, folder: Path, path: str, body: dict[str, object], status: int
) -> None:
    with pytest.raises(Refused) as refused:
        await call(jp_fetch, "PUT", *ROUTE, body=body, params={"path": path})
    assert refused.value.status == status
    assert not (folder / ".trainhubignore").exists()


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_link_is_not_followed(jp_fetch: Fetch, folder: Path, method: str) -> None:
    secret = folder.parent / "secret"
    secret.write_text("s3cret")
    (folder / ".trainhubignore").symlink_to(secret)
    with pytest.raises(Refused) as refused:
        await call(jp_fetch, method, *ROUTE, body={"text": "x"}, params=NOTEBOOK)
    assert refused.value.status == 403
    assert secret.read_text() == "s3cret"
