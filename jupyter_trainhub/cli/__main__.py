"""``python -m jupyter_trainhub.cli``: the ``trainhub`` command."""

import sys

from jupyter_trainhub.cli.main import main

sys.exit(main())
