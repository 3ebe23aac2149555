"""The supervisor of one container, a process of its own so that a container outlives the cluster.

`sandbox.py` starts it, in one of these ways that `program.py` tells apart:

    DIRECTORY                                            run the container of this state folder
    exec DIRECTORY [OPTIONS] -- ARGV...                  run one more command inside it
    unpack FOLDER [--machine]                            unpack an image's layer from standard input
    delete FOLDER                                        delete what containers wrote

It is a program apart, not part of the cluster: it is loaded as the package `shim`, with nothing of
the packages above it, and imports only the standard library and little of that, since every
container pays for it in start-up time and memory. `typing` alone would add a MiB and some
milliseconds, so it is imported for type checkers only.

There are two ways to isolate, decided by what the caller may do. With CAP_SYS_ADMIN, namespaces are
made directly. Without it, a first user namespace, whose root the caller is, owns the mounts, and
the command runs in a second one nested in it: as an ordinary user again, without any right over
those mounts. That first one has more than one user only where the caller has subordinate ids, and
only for images: the machine's own files would be nobody's.
"""
