"""What the hub tells about instances, jobs, nodes and TensorBoards: plain JSON objects.

Their fields are those of the REST interface (``docs/architecture.md``).
"""

from jupyter_trainhub.manifests.job_status import ENDED, over
from jupyter_trainhub.manifests.labels import Object as View
from jupyter_trainhub.manifests.labels import Objects as Views

__all__ = ["ENDED", "View", "Views", "over"]
