"""Which modules the Python of an image can import, and which Python that is: one line of JSON.

Nothing is imported to find out: looking into folders takes less than a second, importing more.
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import sys
import sysconfig


def names_in(folder: str) -> set[str]:
    """The top-level modules and packages in a folder; folders without ``__init__`` count, too."""
    found: set[str] = set()
    for entry in os.listdir(folder):
        path = os.path.join(folder, entry)
        suffix = next((s for s in importlib.machinery.all_suffixes() if entry.endswith(s)), "")
        name = entry if os.path.isdir(path) else entry[: -len(suffix)] if suffix else ""
        if name.isidentifier() and name != "__pycache__":
            found.add(name)
    return found


def main() -> None:
    """Print ``{"python": "3.11.2", "modules": [...]}``, without what every Python has."""
    own = set(sys.builtin_module_names) | set(getattr(sys, "stdlib_module_names", ()))
    standard = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    if not hasattr(sys, "stdlib_module_names"):  # Python 3.9 and older
        own = own.union(*(names_in(folder) for folder in standard if os.path.isdir(folder)))
    found: set[str] = set()
    # The first is the folder of this program, which jobs do not have.
    for folder in set(sys.path[1:]) - standard:
        if os.path.isdir(folder):
            found |= names_in(folder)
    for name, module in list(sys.modules.items()):
        # Packages that setuptools has installed in place have finders instead of folders.
        if name.startswith("__editable__"):
            found.update(getattr(module, "MAPPING", ()))
    version = ".".join(map(str, sys.version_info[:3]))
    print(json.dumps({"python": version, "modules": sorted(found - own)}))


main()
