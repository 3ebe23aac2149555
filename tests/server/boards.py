"""Log folders with something in them."""

from __future__ import annotations

import time
from pathlib import Path

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

STEPS = 20


def write_loss(folder: Path) -> None:
    """A run with a loss that falls."""
    writer = EventFileWriter(str(folder))
    for step in range(STEPS):
        value = Summary.Value(tag="loss", simple_value=1 / (step + 1))
        writer.add_event(Event(wall_time=time.time(), step=step, summary=Summary(value=[value])))
    writer.close()
