"""Runs the cells of a notebook as a program: ``python run_notebook.py``.

``cells.json`` beside this file holds what runs::

    {"notebook": "train.ipynb",
     "cells": [{"index": 2, "id": "a1b2", "file": "train.ipynb#cell-3-a1b2", "source": "..."},
               {"index": 3, "id": "c3d4", "file": "...", "source": "...", "writes": "model.py"}]}

A cell with ``writes`` is not executed: its source is the content of that file. All other cells
run in order in ``__main__``, so that what they define can be pickled, and under file names of
their own, so that tracebacks and ``inspect.getsource`` show their lines.

A process that ``multiprocessing`` spawns imports this file as ``__mp_main__``. It then repeats only
imports, definitions and assignments of constants: enough to unpickle what it is given, without
starting the training once more.

Standard library only, Python 3.8 or later, because it runs in whatever image the user chose. The
parts are shipped as one file.
"""
