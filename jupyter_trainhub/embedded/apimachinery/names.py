"""Names that the API server makes up."""

from __future__ import annotations

import random

# Kubernetes' own alphabet for generated names: no vowels, nothing that looks like another.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def generated_suffix() -> str:
    """Five characters, as in ``train-x7k2p``."""
    return "".join(random.choices(ALPHABET, k=5))
