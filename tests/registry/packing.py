"""Images for tests, packed as container tools do: for `docker save`, and as OCI layouts."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from jupyter_trainhub.registry.manifest import this_platform

Document = dict[str, Any]
Compress = Callable[[bytes], bytes]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def tar(*members: tarfile.TarInfo | tuple[str | tarfile.TarInfo, bytes | str]) -> bytes:
    """A tar file of members: as they are, or files by name and content, or folders by `name/`."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w", format=tarfile.PAX_FORMAT) as file:
        for entry in members:
            member, content = entry if isinstance(entry, tuple) else (entry, b"")
            data = content.encode() if isinstance(content, str) else content
            if isinstance(member, str):
                info = tarfile.TarInfo(member)
                info.mode = 0o755
                info.type = tarfile.DIRTYPE if member.endswith("/") else tarfile.REGTYPE
                member = info
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return output.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, **fields: Any) -> tarfile.TarInfo:
    """A member of a tar file by its fields."""
    info = tarfile.TarInfo(name)
    info.type = kind
    for key, value in fields.items():
        setattr(info, key, value)
    return info


def programs(*names: str) -> bytes:
    """A layer with programs of this machine, and with the libraries that they need."""
    paths = [shutil.which(name) or name for name in names]
    listed = subprocess.run(["ldd", *paths], capture_output=True, text=True, check=True).stdout
    libraries = {word for word in listed.split() if word.startswith("/") and ":" not in word}
    files = {f"bin/{Path(path).name}": path for path in paths}
    files |= {library.lstrip("/"): library for library in sorted(libraries)}
    return tar(*((name, Path(path).read_bytes()) for name, path in files.items()))


def digest(data: bytes) -> str:
    """As blobs are named."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def configuration(layers: Iterable[bytes], **config: Any) -> bytes:
    """The configuration of an image with these layers, not compressed."""
    system, architecture = this_platform()
    document = {
        "os": system,
        "architecture": architecture,
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
    }
    return json.dumps(document).encode()


def docker_archive(path: Path, names: list[str], *layers: bytes, **config: Any) -> Path:
    """What `docker save` wrote before it wrote OCI layouts, too."""
    document = configuration(layers, **config)
    named = f"{digest(document).partition(':')[2]}.json"
    saved = [{"Config": named, "RepoTags": names, "Layers": []}]
    files: list[tuple[str, bytes | str]] = [(named, document)]
    for number, layer in enumerate(layers):
        saved[0]["Layers"].append(f"{number}/layer.tar")  # type: ignore[attr-defined]
        files.append((f"{number}/layer.tar", layer))
    path.write_bytes(tar(*files, ("manifest.json", json.dumps(saved))))
    return path


class Layout:
    """An OCI layout that is being put together."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: list[Document] = []

    def blob(self, data: bytes, kind: str, **more: Any) -> Document:
        """Add a blob; its descriptor."""
        self.blobs[digest(data)] = data
        return {"mediaType": kind, "digest": digest(data), "size": len(data), **more}

    def image(self, *layers: bytes, compress: Compress = gzip.compress, **config: Any) -> Document:
        """Add an image's blobs; the descriptor of its manifest."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(configuration(layers, **config), CONFIG),
            "layers": [self.blob(compress(layer), f"{LAYER}+gzip") for layer in layers],
        }
        return self.blob(json.dumps(manifest).encode(), MANIFEST)

    def index(self, *manifests: Document) -> Document:
        """Add an index; its descriptor."""
        document = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}
        return self.blob(json.dumps(document).encode(), INDEX)

    def name(self, name: str, descriptor: Document) -> Layout:
        """Give an image or an index a name in the layout."""
        notes = {"io.containerd.image.name": name} if name else {}
        self.manifests.append({**descriptor, "annotations": notes})
        return self

    def files(self) -> dict[str, bytes]:
        """Names and contents of the layout's files."""
        index = {"schemaVersion": 2, "manifests": self.manifests}
        return {
            "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
            "index.json": json.dumps(index).encode(),
            **{f"blobs/{name.replace(':', '/')}": data for name, data in self.blobs.items()},
        }

    def archive(self, path: Path) -> Path:
        """Write it as a tar file."""
        path.write_bytes(tar(*self.files().items()))
        return path

    def folder(self, path: Path) -> Path:
        """Write it as a folder."""
        for name, data in self.files().items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(data)
        return path
