"""TensorBoard's modules, or why they cannot be had."""

from __future__ import annotations

import gc
import sys
from typing import Any

from .failure import Failure

# 2.20 cannot be imported beside setuptools 82 and later (tensorflow/tensorboard#7003).
_OLDEST = (2, 21)
_PIP = "-m pip install --upgrade 'tensorboard>=2.21'"


def import_tensorboard() -> tuple[Any, str]:
    """TensorBoard's ``program`` and its version. Raises Failure."""
    # What is imported stays, so looking for garbage on the way is of no use.
    gc.disable()
    try:
        from tensorboard import version

        old = too_old(version.VERSION)
        if old is not None:
            raise old
        from tensorboard import assets, default, program

        assert assets is not None
        default.get_plugins()
    except Failure:
        raise
    except Exception as error:  # What is installed beside it may break it in any way.
        raise import_failure(error) from error
    finally:
        gc.enable()
        gc.freeze()
    return program, str(version.VERSION)


def too_old(version: str) -> Failure | None:
    """The failure that this version of TensorBoard is, None for one that will do."""
    numbers = version.split(".")[:2]
    if not all(number.isdigit() for number in numbers):
        return None
    if tuple(map(int, numbers)) >= _OLDEST:
        return None
    return Failure(
        f"{sys.executable} has TensorBoard {version}; 2.21 or later is needed",
        f"Run: {sys.executable} {_PIP}",
    )


def import_failure(error: BaseException) -> Failure:
    """The failure that keeps TensorBoard from being imported."""
    name = getattr(error, "name", None) or ""
    told = f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}"
    where = f"{sys.executable} cannot import TensorBoard"
    if isinstance(error, ModuleNotFoundError) and name == "tensorboard":
        return Failure(f"{sys.executable} has no TensorBoard", f"Run: {sys.executable} {_PIP}")
    if isinstance(error, ModuleNotFoundError) and name == "pkg_resources":
        return Failure(
            f"{where}: its version needs pkg_resources, which setuptools has dropped",
            f"Run: {sys.executable} {_PIP}",
        )
    if "protobuf" in _chain(error) or "Descriptors" in str(error):
        return Failure(
            f"{where}, its protobuf does not fit ({told})",
            f"Run: {sys.executable} {_PIP} 'protobuf>=6.31.1,<8'. Where other packages need "
            "another one, install TensorBoard in an environment of its own and set "
            "c.TrainHubConfig.tensorboard_python to its Python.",
        )
    return Failure(
        f"{where} ({told})",
        f"Run: {sys.executable} {_PIP} --force-reinstall",
    )


def _chain(error: BaseException) -> str:
    """The files and modules that an error has to do with."""
    found = [str(error), type(error).__module__]
    traceback = error.__traceback__
    while traceback is not None:
        found.append(traceback.tb_frame.f_code.co_filename)
        traceback = traceback.tb_next
    return "\n".join(found[:2] + found[-3:])
