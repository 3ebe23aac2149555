"""The root file system of a container: an overlay of image layers, or of the machine itself.

What the container writes goes to `upper` in its state folder, never to the machine's own files.
"""

from __future__ import annotations

import itertools
import os
import stat
import sys

from . import linux

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
    found: dict[str, str] = {}
    for line in mountinfo.splitlines():
        left, right = line.split(" - ", 1)
        path = left.split(" ")[4]
        for escape, character in (
            ("\\040", " "),
            ("\\011", "\t"),
            ("\\012", "\n"),
            ("\\134", "\\"),
        ):
            path = path.replace(escape, character)
        if not is_below(path, KERNEL_FOLDERS):
            found[path] = right.split(" ")[0]
    return dict(sorted(found.items()))


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
        self._serial = itertools.count()

    def build(self, layers: list[str], hide: tuple[str, ...] = ()) -> str:
        """Mount the root and return its path. No layers stand for the machine itself.

        File systems mounted below the folders of `hide`, as other pods' volumes are, are left out.
        """
        os.makedirs(self.root, exist_ok=True)
        if layers:
            self._overlay(layers[::-1], self.root, f"{self.directory}/upper")
            return self.root
        with open("/proc/self/mountinfo") as file:
            mounts = mount_points(file.read())
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
        self._overlay(["/"], self.root, f"{self.directory}/upper")
        for path, kind in mounts.items():
            if path != "/" and kind not in KERNEL_FILE_SYSTEMS and os.path.exists(path):
                self._file_system(path, f"{self.directory}/mounts/{next(self._serial)}")

    def _machine_by_folder(self, folder: str, mounts: dict[str, str]) -> None:
        """One overlay of each entry that holds no mounts; one that does is made anew likewise.

        The kernel refuses an overlay over mounts that a user namespace inherited, as it would show
        what they cover. Single files beside such mounts are bound read-only.
        """
        for entry in os.scandir(folder):
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
                self._file_system(path, f"{self.directory}/upper{path}")
            else:
                self._overlay([path], target, f"{self.directory}/upper{path}")

    def _folder_of_mounts(self, path: str, mounts: dict[str, str]) -> None:
        """A folder that holds mounts; one that may not be listed is bound whole, read-only."""
        target = self.root + path
        if os.access(path, os.R_OK | os.X_OK):
            os.makedirs(target)
            os.chmod(target, stat.S_IMODE(os.stat(path).st_mode))
            self._machine_by_folder(path, mounts)
        else:
            linux.attach(linux.copy_tree(path, read_only=True), target)

    def _file_system(self, path: str, upper: str) -> None:
        """Show another file system of the machine: by an overlay, so that it can be written to.

        One that cannot lie under an overlay is bound read-only. Either way nothing that the
        container writes reaches it: what may be written to is given as a volume.
        """
        target = self.root + path
        if os.path.isdir(path):
            try:
                self._overlay([path], target, upper)
                return
            except linux.SetUpError as error:
                print(f"{path} is bound read-only: {error}", file=sys.stderr)
        linux.attach(linux.copy_tree(path, read_only=True), target)

    def _overlay(self, lowers: list[str], target: str, upper: str) -> None:
        """Mount an overlay of `lowers`, the topmost first, whose changes go to `upper`."""
        work = f"{self.directory}/work/{next(self._serial)}"
        for folder in (target, upper, work):
            os.makedirs(folder, exist_ok=True)
        like = os.stat(lowers[-1])
        os.chmod(upper, stat.S_IMODE(like.st_mode))
        if self.privileged:
            os.chown(upper, like.st_uid, like.st_gid)
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
        finally:
            for descriptor in folders:
                os.close(descriptor)
