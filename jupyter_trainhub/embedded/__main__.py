"""``python -m jupyter_trainhub.embedded``: the cluster's process."""

from .cluster import main

main()
