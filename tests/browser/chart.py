"""What is drawn in a chart of TensorBoard.

It draws on a canvas that belongs to a worker, so only a picture of the page tells.
"""

from __future__ import annotations

import io
import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import FrameLocator, Locator, expect

from tests.browser.trainhub_page import TENSORBOARD_MILLISECONDS
from tests.conftest import eventually

Pixels = NDArray[np.int_]


def pixels(png: bytes) -> Pixels:
    """A picture as rows of columns of red, green and blue, 0 to 255."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def coloured_columns(picture: Pixels) -> float:
    """The share of a chart's columns in which something coloured is drawn: grid and axes are grey.

    The same for a light and a dark theme.
    """
    coloured = picture.max(axis=2) - picture.min(axis=2) > 20
    return float(coloured.any(axis=0).mean())


def columns_of(picture: Pixels, colour: tuple[int, int, int]) -> float:
    """The share of a chart's columns in which this colour is drawn, blurred edges apart."""
    near = np.abs(picture - np.array(colour)).max(axis=2) < 24
    return float(near.any(axis=0).mean())


def brightness(picture: Pixels) -> float:
    """How bright the background is: the median, 0 to 255."""
    return float(np.median(picture))


def chart(board: FrameLocator, tag: str) -> Locator:
    """The chart of a scalar in a TensorBoard, once it is there; scrolled into view."""
    card = board.locator("card-view", has_text=tag).first
    expect(card).to_be_visible(timeout=TENSORBOARD_MILLISECONDS)
    card.scroll_into_view_if_needed()
    drawing = card.locator("line-chart .series-view")
    expect(drawing).to_be_visible()
    return drawing


def expect_curve(board: FrameLocator, tag: str) -> Pixels:
    """Wait until a curve goes through most of the chart of a scalar; the chart's picture."""
    drawing = chart(board, tag)
    eventually(lambda: coloured_columns(pixels(drawing.screenshot())) > 0.5)
    return pixels(drawing.screenshot())


def run_colour(board: FrameLocator, run: str) -> tuple[int, int, int]:
    """The colour of a run in the list of runs."""
    row = board.locator("runs-data-table tb-data-table-content-row", has_text=run).first
    style = row.locator(".run-color-swatch").evaluate(
        "swatch => getComputedStyle(swatch).backgroundColor"
    )
    red, green, blue = map(int, re.findall(r"\d+", style)[:3])
    return red, green, blue
