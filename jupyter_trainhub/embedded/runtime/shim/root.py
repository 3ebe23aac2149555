"""The root file system of a container: an overlay of image layers, or of the machine itself.

What the container writes goes to `upper` in its state folder, never to the machine's own files.
Layers may lie over the machine, too: each of its folders is then an overlay of theirs and its own.
"""

from __future__ import annotations

import itertools
import os
import stat
import sys

from . import linux
from .union import Union, is_folder, white_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

KERNEL_FOLDERS = ("/proc", "/sys", "/dev")

# Interfaces of the kernel, and the root file systems of other engines' containers: these are never
# shown below the root of a container.
KERNEL_FILE_SYSTEMS = frozenset(
    (
        *("autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts"),
        *("devtmpfs", "efivarfs", "fusectl", "hugetlbfs", "mqueue", "nsfs", "overlay", "proc"),
        *("pstore", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs"),
    )
)


def mount_points(mountinfo: str) -> dict[str, str]:
    """Mount point -> type of file system, parents first, outside of /proc, /sys and /dev.

    `mountinfo` is the text of /proc/self/mountinfo (proc_pid_mountinfo(5)).
    """
    found = {path: kind for path, kind, _, _ in _mounts(mountinfo)}
    return {path: found[path] for path in sorted(found) if not is_below(path, KERNEL_FOLDERS)}


def origin(path: str, mountinfo: str) -> tuple[str, str]:
    """Where a path really is: a device, and the path on it, whatever is mounted where."""
    on, beside = ("", ""), ""
    for point, _, device, root in _mounts(mountinfo):
        if is_below(path, (point,)) and len(point) >= len(beside):
            inside = os.path.relpath(path, point)
            on, beside = (device, os.path.normpath(os.path.join(root, inside))), point
    return on


def _mounts(mountinfo: str) -> Iterator[tuple[str, str, str, str]]:
    """Mount point, type of file system, device, and the path on it that is mounted."""
    for line in mountinfo.splitlines():
        left, right = line.split(" - ", 1)
        _, _, device, *paths = left.split(" ")[:5]
        for escape, character in (
            ("\\040", " "),
            ("\\011", "\t"),
            ("\\012", "\n"),
            ("\\134", "\\"),
        ):
            paths = [path.replace(escape, character) for path in paths]
        yield paths[1], right.split(" ")[0], device, paths[0]


def is_below(path: str, folders: tuple[str, ...]) -> bool:
    """Whether `path` is one of the folders or lies in one."""
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


class RootBuilder:
    """Puts the root of the container with the state folder `directory` together."""

    def __init__(self, directory: str, *, privileged: bool) -> None:
        self.directory = directory
        self.root = f"{directory}/root"
        self.privileged = privileged
        self.mounts: list[str] = []
        """Where file systems were mounted that the container can write to."""
        self.uppers: dict[str, str] = {}
        """Those that are overlays: what the container wrote there is in this folder."""
        self._serial = itertools.count()
        self._union = Union([], privileged=privileged)
        self._store = ""
        with open("/proc/self/mountinfo") as file:
            self._mountinfo = file.read()

    def build(self, layers: list[str], hide: tuple[str, ...] = (), *, machine: bool) -> str:
        """Mount the root, of layers or of the machine and layers over it, and return its path.

        File systems mounted below the folders of `hide`, as other pods' volumes are, are left out.
        """
        os.makedirs(self.root, exist_ok=True)
        if not machine:
            self._overlay(layers[::-1], self.root, f"{self.directory}/upper", like=layers[0])
            return self.root
        self._union = Union(layers, privileged=self.privileged)
        self._store = os.path.realpath(os.path.dirname(layers[0])) if layers else ""
        mounts = mount_points(self._mountinfo)
        if self.privileged:
            shown = {path: kind for path, kind in mounts.items() if not is_below(path, hide)}
            self._machine_by_file_system(shown)
        else:
            linux.mount("tmpfs", self.root, 0, "mode=0755", "root tmpfs")
            self.mounts.append(self.root)
            self._machine_by_folder("/", mounts)
        return self.root

    def _machine_by_file_system(self, mounts: dict[str, str]) -> None:
        """One overlay of /, and as that ends at mount points, one more of each below it."""
        self._show("/", f"{self.directory}/upper", mounts)
        for path, kind in mounts.items():
            if path != "/" and kind not in KERNEL_FILE_SYSTEMS and os.path.exists(path):
                self._file_system(path, self._elsewhere(), mounts)

    def _machine_by_folder(self, folder: str, mounts: dict[str, str]) -> None:
        """One overlay of each entry that holds no mounts; one that does is made anew likewise.

        The kernel refuses an overlay over mounts that a user namespace inherited, as it would show
        what they cover. Single files beside such mounts are bound read-only.
        """
        done = set()
        for path, above, below in self._union.entries(folder):
            if path in KERNEL_FOLDERS or (below and is_folder(path)):
                continue
            done.add(path)
            if above and is_folder(above[0]):
                upper = f"{self.directory}/upper{path}"
                self._overlay(above, self.root + path, upper, like=above[0])
            elif above:
                self._union.copy(above[0], self.root + path)
        for entry in os.scandir(folder):
            if entry.path not in done:
                try:
                    self._entry(entry, mounts)
                except (FileNotFoundError, linux.SetUpError):
                    if os.path.lexists(entry.path):
                        raise  # else somebody deleted it meanwhile

    def _entry(self, entry: os.DirEntry[str], mounts: dict[str, str]) -> None:
        path, target = entry.path, self.root + entry.path
        if entry.is_symlink():
            os.symlink(os.readlink(path), target)
        elif path in KERNEL_FOLDERS or mounts.get(path) in KERNEL_FILE_SYSTEMS:
            os.makedirs(target)
        elif not entry.is_dir():
            linux.attach(linux.copy_tree(path, read_only=True), target)
        elif any(is_below(point, (path,)) for point in mounts if point != path):
            self._folder_of_mounts(path, mounts)
        elif path in mounts:
            self._file_system(path, f"{self.directory}/upper{path}", mounts)
        else:
            self._show(path, f"{self.directory}/upper{path}", mounts)

    def _folder_of_mounts(self, path: str, mounts: dict[str, str]) -> None:
        """A folder that holds mounts; one that may not be listed is bound whole, read-only."""
        target = self.root + path
        if os.access(path, os.R_OK | os.X_OK):
            os.makedirs(target)
            like = [*self._union.at(path)[0], path][0]
            os.chmod(target, stat.S_IMODE(os.stat(like).st_mode))
            self._machine_by_folder(path, mounts)
        else:
            linux.attach(linux.copy_tree(path, read_only=True), target)

    def _file_system(self, path: str, upper: str, mounts: dict[str, str]) -> None:
        """Show another file system of the machine: by an overlay, so that it can be written to.

        One that cannot lie under an overlay is bound read-only. Either way nothing that the
        container writes reaches it: what may be written to is given as a volume.
        """
        if not self._union.at(path)[1]:
            return  # layers have something else there
        if os.path.isdir(path):
            try:
                self._show(path, upper, mounts)
                return
            except linux.SetUpError as error:
                print(f"{path} is bound read-only: {error}", file=sys.stderr)
        linux.attach(linux.copy_tree(path, read_only=True), self.root + path)

    def _show(self, path: str, upper: str, mounts: dict[str, str]) -> None:
        """Show a folder of the machine, with what layers have there, at its place in the root."""
        above, below = self._union.at(path)
        below = below and os.path.isdir(path)
        target, like = self.root + path, [*above, path][0]
        if not (above and below and self._encloses(path)):
            self._overlay([*above, *([path] if below else [])], target, upper, like=like)
            return
        # The kernel refuses an overlay of a folder and of one within it. So only the folder itself
        # becomes one, and each folder below it that layers have, one more.
        apart = self._fill(path, upper)
        self._overlay([path], target, upper, like=like)
        for folder in apart:
            if folder not in mounts:
                self._show(folder, self._elsewhere(), mounts)

    def _fill(self, path: str, upper: str) -> list[str]:
        """Put what layers have right below `path` to `upper`; the folders that are left to show."""
        os.makedirs(upper, exist_ok=True)
        apart = []
        for inner, above, below in self._union.entries(path):
            target = f"{upper}/{os.path.basename(inner)}"
            if not above:
                white_out(target)
            elif not is_folder(above[0]):
                self._union.copy(above[0], target)
            elif below and is_folder(inner) and self._encloses(inner):
                apart += self._fill(inner, target)
                self._union.copy(above[0], target)
            else:
                if not is_folder(inner):
                    os.mkdir(target)
                apart.append(inner)
        return apart

    def _encloses(self, path: str) -> bool:
        """Whether the layers lie in this folder of the machine."""
        device, place = origin(path, self._mountinfo)
        on, store = origin(self._store, self._mountinfo)
        return device == on and is_below(store, (place,))

    def _elsewhere(self) -> str:
        return f"{self.directory}/mounts/{next(self._serial)}"

    def _overlay(self, lowers: list[str], target: str, upper: str, *, like: str) -> None:
        """Mount an overlay of `lowers`, the topmost first, whose changes go to `upper`.

        `like`: the folder that says whose the root of it is, and who may write to it.
        """
        work = f"{self.directory}/work/{next(self._serial)}"
        for folder in (target, upper, work):
            os.makedirs(folder, exist_ok=True)
        status = os.stat(like)
        os.chmod(upper, stat.S_IMODE(status.st_mode))
        if self.privileged:
            os.chown(upper, status.st_uid, status.st_gid)
        # By descriptor: the options then need no escapes for `,` and `:` in a path, and stay
        # shorter than the one page that mount(2) takes.
        folders = [os.open(path, os.O_PATH | os.O_CLOEXEC) for path in (*lowers, upper, work)]
        *below, above, beside = (f"/proc/self/fd/{descriptor}" for descriptor in folders)
        options = f"lowerdir={':'.join(below)},upperdir={above},workdir={beside}"
        if not self.privileged:
            options += ",userxattr"  # trusted.* attributes need CAP_SYS_ADMIN on the machine
        try:
            linux.mount("overlay", target, 0, options, "overlay")
            self.mounts.append(target)
            self.uppers[target] = upper
        finally:
            for descriptor in folders:
                os.close(descriptor)
