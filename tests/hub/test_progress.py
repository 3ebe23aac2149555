from __future__ import annotations

import pytest

from jupyter_trainhub.hub.progress import progress


@pytest.mark.parametrize(
    ("line", "fraction"),
    [
        ("epoch 3/10 loss 0.2", 0.3),
        ("Epoch: 3 of 10", 0.3),
        ("Epoch [5/10], Step [50/100], Loss: 1.2", 0.45),
        ("step 40/100", 0.4),
        ("iteration 1/4", 0.25),
        (" 37%|####      | 37/100 [00:01<00:02]", 0.37),
        ("epoch 11/10", None),
        ("epoch 0/0", None),
        ("loss 3/10", None),
        ("accuracy 97%", None),
        ("", None),
    ],
)
def test_how_far_a_line_says_the_job_is(line: str, fraction: float | None) -> None:
    assert progress(line) == fraction
