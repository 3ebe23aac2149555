"""What runs in a job's pods, as ConfigMaps, and back.

``<name>-code`` holds the programs. Files that travel with them (below ``files/``) are one archive,
cut into pieces: the first is in there too, the others are in ConfigMaps ``<name>-code.1`` and so
on. No job has a name with a dot, so that these are never another's. One projected volume shows all
of it; the launcher joins the pieces and unpacks them.
"""

from __future__ import annotations

import base64
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from jupyter_trainhub.errors import ClusterRefused, InvalidField
from jupyter_trainhub.manifests import foreign_json
from jupyter_trainhub.manifests.labels import (
    CODE_ARGV,
    CODE_PARTS,
    CODE_PATHS,
    Object,
    json_annotation,
)

FOLDER = "/trainhub"
LAUNCHER = "launch.py"
# What training code may import where the image lacks it.
STAND_IN = "lib/jupyter_trainhub/__init__.py"
# Files below this path travel in the archive.
FILES = "files/"

# A ConfigMap may hold 1 MiB; the rest is for keys, metadata and the JSON around them.
# https://kubernetes.io/docs/concepts/configuration/configmap/
LARGEST_CODE = 960 * 1024
# Bytes that an archive may have unpacked, besides so many times its own.
_LEAST_LIMIT = 128 << 20
# How many further ConfigMaps a job may have: far more than a cluster's etcd bears.
_MOST_PARTS = 1000


@dataclass(frozen=True)
class Code:
    """The files of a job by their paths below ``/trainhub``, and the program that starts them."""

    files: dict[str, bytes]
    argv: list[str]


def code_name(job: str) -> str:
    """The name of the ConfigMap with the code of the attempt whose owner is called ``job``."""
    return f"{job}-code"


def config_maps(
    job: str, labels: Mapping[str, str], files: Mapping[str, bytes], argv: Sequence[str]
) -> list[Object]:
    """The ConfigMaps of ``files`` and of what starts them, ``<job>-code`` first.

    Raises InvalidField when the programs are too large.
    """
    programs = _programs(files)
    size = sum(map(len, programs.values()))
    if size > LARGEST_CODE:
        largest = max(programs, key=lambda path: len(programs[path]))
        raise InvalidField(
            f"the code is {size // 1024} KiB, a job can carry {LARGEST_CODE // 1024} KiB; "
            f"the largest file is {largest}",
            field="notebook",
            remedy="Put large texts and data into files of a mounted folder and read them there.",
        )
    keys = _keys(programs)
    first, *others = _pieces(files, LARGEST_CODE - size)
    odd = {key: path for path, key in keys.items() if key != path}
    annotations = {
        CODE_ARGV: json.dumps(list(argv)),
        CODE_PATHS: json.dumps(odd),
        CODE_PARTS: str(len(others)),
    }
    contents = {**{keys[path]: content for path, content in programs.items()}, **first}
    made = [_config_map(code_name(job), labels, contents, annotations)]
    for number, piece in enumerate(others, start=1):
        made.append(_config_map(_part_name(code_name(job), number), labels, piece, {}))
    return made


def volume(job: str, files: Mapping[str, bytes]) -> Object:
    """The volume that shows what :func:`config_maps` made at its paths."""
    programs = _programs(files)
    first, *others = _pieces(files, LARGEST_CODE - sum(map(len, programs.values())))
    items = [{"key": key, "path": path} for path, key in _keys(programs).items()]
    items += [{"key": key, "path": key} for key in first]
    sources = [{"configMap": {"name": code_name(job), "items": items}}]
    for number in range(1, len(others) + 1):
        sources.append({"configMap": {"name": _part_name(code_name(job), number)}})
    return {"name": "code", "projected": {"sources": sources}}


def part_names(first: Object) -> list[str]:
    """The names of the other ConfigMaps of the code whose first one is ``first``.

    Raises ClusterRefused where somebody has written over it.
    """
    metadata = first["metadata"]
    text = metadata.get("annotations", {}).get(CODE_PARTS, "0")
    if not re.fullmatch(r"\d{1,4}", text, re.ASCII) or int(text) > _MOST_PARTS:
        raise _changed(first)
    return [_part_name(metadata["name"], number) for number in range(1, int(text) + 1)]


def read(first: Object, others: Sequence[Object] = ()) -> Code:
    """The code back out of :func:`config_maps`, for another attempt or another job.

    Raises ClusterRefused where somebody has written over it.
    """
    paths = json_annotation(first, CODE_PATHS)
    try:
        argv = foreign_json.parse(first["metadata"].get("annotations", {})[CODE_ARGV])
    except (KeyError, ValueError):
        argv = None
    found = {key: content for one in (first, *others) for key, content in contents(one).items()}
    pieces = [found.pop(key) for key in sorted(found) if key.startswith(_ARCHIVE)]
    if not isinstance(argv, list) or not all(
        isinstance(item, str) for item in (*argv, *paths.values())
    ):
        raise _changed(first)
    files = {paths.get(key, key): content for key, content in found.items()}
    if pieces:
        try:
            files |= _unpacked(b"".join(pieces))
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            raise _changed(first) from error
    return Code(files, argv)


def contents(config_map: Object) -> dict[str, bytes]:
    """What any ConfigMap holds, text and bytes, by its keys."""
    text = {key: value.encode() for key, value in (config_map.get("data") or {}).items()}
    binary = (config_map.get("binaryData") or {}).items()
    return {**text, **{key: base64.b64decode(value) for key, value in binary}}


def _keys(files: Iterable[str]) -> dict[str, str]:
    """The keys of ``files`` by their paths: a key has fewer characters than a path may have."""
    return {
        path: path if re.fullmatch(r"[A-Za-z0-9][-._A-Za-z0-9]{0,200}", path) else f"file-{number}"
        for number, path in enumerate(sorted(files))
    }


_ARCHIVE = "files.tar.gz."


def _programs(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path: content for path, content in files.items() if not path.startswith(FILES)}


def _pieces(files: Mapping[str, bytes], room: int) -> list[dict[str, bytes]]:
    """The archive in pieces by their keys; the first takes ``room`` bytes at most."""
    travelling = tuple((path, files[path]) for path in sorted(files) if path.startswith(FILES))
    if not travelling:
        return [{}]
    archive = _archive(travelling)
    # As base64, which is how it is sent, three bytes take four.
    starts = [0, *range(room * 3 // 4, len(archive), LARGEST_CODE * 3 // 4)]
    ends = [*starts[1:], len(archive)]
    return [
        {f"{_ARCHIVE}{number:04}": archive[start:end]}
        for number, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]


# The volume and the ConfigMaps of a job are made of the same files one after the other.
@lru_cache(maxsize=1)
def _archive(files: tuple[tuple[str, bytes], ...]) -> bytes:
    """One archive of ``files``, without their folder; the same files give the same bytes."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in files:
            entry = tarfile.TarInfo(path.removeprefix(FILES))
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    compressor = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return compressor.compress(packed.getbuffer()) + compressor.flush()


def _unpacked(archive: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    # Text is packed to a tenth; a thousandth is a bomb of somebody who may write ConfigMaps.
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    plain = unpacker.decompress(archive, _LEAST_LIMIT + 100 * len(archive))
    if not unpacker.eof:
        raise tarfile.TarError("it is larger than what it was made of, or cut")
    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as tar:
        for entry in tar:
            content = tar.extractfile(entry)
            if content is None or entry.name.startswith("/") or ".." in entry.name.split("/"):
                raise tarfile.TarError(entry.name)
            files[f"{FILES}{entry.name}"] = content.read()
    return files


def _config_map(
    name: str,
    labels: Mapping[str, str],
    contents: Mapping[str, bytes],
    annotations: Mapping[str, str],
) -> Object:
    text: dict[str, str] = {}
    binary: dict[str, str] = {}
    for key, content in contents.items():
        try:
            text[key] = content.decode()
        except UnicodeDecodeError:
            binary[key] = base64.b64encode(content).decode()
    metadata: Object = {"name": name, "labels": dict(labels)}
    if annotations:
        metadata["annotations"] = dict(annotations)
    found: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": text}
    # What was submitted is what runs.
    return {**found, **({"binaryData": binary} if binary else {}), "immutable": True}


def _part_name(first: str, number: int) -> str:
    return f"{first}.{number}"


def _changed(first: Object) -> ClusterRefused:
    return ClusterRefused(
        f"{first['metadata']['name']} was changed by hand, it holds no code of a job",
        remedy="Submit the notebook or command anew.",
    )
