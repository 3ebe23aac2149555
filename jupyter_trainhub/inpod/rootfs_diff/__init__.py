"""What has changed in this container since it started, as the layer of an image.

``rootfs_diff.py names FOLDER`` writes down all names of the root file system, in FOLDER/names.gz.
start.sh runs it when the container starts, after it has made FOLDER/started.

``rootfs_diff.py measure`` and ``rootfs_diff.py tar`` read options from standard input, one line of
JSON: {"state": FOLDER, "exclude": [glob], "include": [glob], "secret_paths": [glob],
"secrets": "report" | "exclude" | "include", "volumes": [mount point], "count_left_out": bool}, all
optional. The first prints a JSON document, the second a tar stream with whiteouts (OCI image
specification, "Image Layer Filesystem Changeset"). Both tell on standard error how far they are, a
JSON object a line; the last one of ``tar`` has the key ``done``. The end of standard input ends
them: container engines tell a program in no other way that nobody waits for it any more.

In a glob ``*``, ``?`` and ``[a-z]`` stay within a name, ``**`` stands for any folders, and one
without a slash at its beginning may lie anywhere. It stands for what it names with all below.

Changed is what has a ctime of the start or later: an overlay makes a new inode of whatever is
written to or gets other modes, and unlike the mtime the ctime cannot be set back by touch, tar or
pip. What the list of names lacks is new, whatever its ctime, and what only the list has is deleted.

Needs Python 3.6 and nothing else; its annotations are strings for that version.
"""
