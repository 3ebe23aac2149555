"""The folder to open, of those in which a program writes."""

from __future__ import annotations

import pytest

from jupyter_trainhub.inpod.launch.log_folders import opened_folders

RUN = "Nov22_10-05-30_node-0"


@pytest.mark.parametrize(
    ("runs", "folders"),
    [
        ([], []),
        # SummaryWriter() without arguments, with add_scalars beside, and Lightning.
        ([f"/w/p/runs/{RUN}"], ["/w/p/runs"]),
        ([f"/w/p/runs/{RUN}", f"/w/p/runs/{RUN}/loss_train"], ["/w/p/runs"]),
        (["/w/p/lightning_logs/version_3"], ["/w/p/lightning_logs"]),
        (["/w/p/tb_logs/net/version_0"], ["/w/p/tb_logs"]),
        ([f"/w/p/mine/{RUN}"], ["/w/p/mine"]),
        (["/w/p/runs/first"], ["/w/p/runs"]),
        # A folder of one's own; several beside each other, as Keras writes them.
        (["/w/p/out/first"], ["/w/p/out/first"]),
        (["/w/p/logs/train", "/w/p/logs/validation"], ["/w/p/logs"]),
        (["/w/p/logs/a", "/w/p/logs/a/val", "/w/p/logs/b"], ["/w/p/logs"]),
        (["/w/p/logs-b", "/w/p/logs/x"], ["/w/p/logs/x", "/w/p/logs-b"]),
        # Neither all of the working folder nor all of a volume.
        (["/w/p/train", "/w/p/val"], ["/w/p/train", "/w/p/val"]),
        (["/data/train", "/data/val"], ["/data/train", "/data/val"]),
        ([f"/data/{RUN}"], [f"/data/{RUN}"]),
        (["/w/p/runs/a", "/mnt/nas/runs/b"], ["/mnt/nas/runs", "/w/p/runs"]),
    ],
)
def test_a_person_would_open(runs: list[str], folders: list[str]) -> None:
    assert opened_folders(runs, {"/w/p"}) == folders
