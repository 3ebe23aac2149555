"""Instructions of Dockerfiles with words that users wrote.

They are in the JSON form, where neither a shell nor the builder looks for anything in the words of
`RUN`; `COPY` replaces variables in any form (docs.docker.com/reference/dockerfile).
"""

from __future__ import annotations

import json


def run(*words: str) -> str:
    """`RUN` with the words of a command, each as it is.

    Raises:
        UnicodeEncodeError: a word is no text, which only names of files can be.
    """
    return f"RUN {_array(words)}"


def copy(source: str, target: str) -> str:
    """`COPY` of a path beside the Dockerfile. Raises as `run` does."""
    return f"COPY {_array([path.replace('$', chr(92) + '$') for path in (source, target)])}"


def _array(words: tuple[str, ...] | list[str]) -> str:
    text = json.dumps(words, ensure_ascii=False)
    text.encode()
    return text.replace("<<", "\\u003c\\u003c")  # where BuildKit begins a document in the text
