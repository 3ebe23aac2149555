"""A TensorBoard that ends itself when nobody looks: ``python serve_tensorboard.py --folder D``.

TensorBoard in a process of its own, on this machine or in a pod, for a proxy that knows its path
prefix. It differs from the ``tensorboard`` command in that it

* runs the data server itself: from the start, while TensorBoard is still being imported, and again
  when it fails or when a log file that it gave up can be read,
* counts requests and ends after an idle time or when it uses too much memory,
* says in a file, and at ``PREFIX/trainhub/state``, where it listens and how it fares,
* opens as many event files as the system allows,
* leaves no entry in the shared folder in which TensorBoard itself announces its servers.

Needs ``tensorboard`` and nothing else. The parts are shipped as one file. Environment:

================================ ==============================================================
``TRAINHUB_TENSORBOARD_PREFIX``   first part of every URL path, such as ``/X``; not an argument,
                                  since other users of a machine can read those
``TRAINHUB_TERMINATION_LOG``      where to leave ``{ended, message, remedy}`` as JSON at the end,
                                  such as ``/dev/termination-log`` in a pod
================================ ==============================================================
"""
