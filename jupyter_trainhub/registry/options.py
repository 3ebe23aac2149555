"""Registries as command lines name them: where they answer, and files with their passwords."""

from __future__ import annotations

import argparse
from pathlib import Path

from .client import Endpoint, Repository, default_url
from .credentials import Credentials
from .reference import Reference


def add_registry(parser: argparse.ArgumentParser, side: str) -> None:
    """Add the options of one registry, ``--<side>-config`` and others."""
    parser.add_argument(
        f"--{side}-config",
        action="append",
        default=[],
        type=Path,
        help="docker configuration file; the first that knows the registry counts",
    )
    parser.add_argument(f"--{side}-url", help="where the registry answers")
    parser.add_argument(f"--{side}-ca", help="file with its CA's certificate")
    parser.add_argument(f"--{side}-insecure", action="store_true", help="any certificate")


def repository(name: Reference, options: argparse.Namespace, side: str) -> Repository:
    """The repository of an image that these options tell how to reach.

    Raises OSError for a file that cannot be read, ValueError for one that is none, RegistryError.
    """
    given = {key: getattr(options, f"{side}_{key}") for key in ("config", "url", "ca", "insecure")}
    credentials = Credentials()
    for path in given["config"]:
        credentials += Credentials.from_docker_config(path.read_bytes())
    endpoint = Endpoint(
        url=given["url"] or default_url(name.domain),
        ca=given["ca"],
        verify=not given["insecure"],
        credential=credentials.find(name.domain, name.path),
    )
    return Repository(name.domain, name.path, endpoint)
