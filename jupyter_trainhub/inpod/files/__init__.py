"""Lists and reads files below a folder, and never above it: ``files.py list|read|tar``.

It needs Python 3.7 and nothing else. Standard input holds one line of JSON: ``root``, the folder;
``path`` below it, in which bytes that are no UTF-8 are escaped as Python's surrogateescape does;
for ``read`` also ``offset`` and ``length``, in bytes, and ``tag``, the version of the file that is
meant, and for ``tar`` the ``name`` of the archive's folder. The first line of standard output is
JSON: ``error`` with ``message``, or what was found. After it come the bytes of the file or of the
tar file; fewer than announced mean that it failed. The end of standard input ends the program.

Paths are walked component by component from the folder's own descriptor. Links are followed as long
as they stay below it; an absolute one counts from where the folder is.
"""
