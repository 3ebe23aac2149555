"""Widgets in the outputs of cells: jobs, instances, TensorBoards, the cluster, and forms.

All that is live is one anywidget, whose front end is in ``front_end/``: it shows what the kernel
tells, and acts by the browser's own requests to the Jupyter server, so that its buttons work while
a cell runs. Forms are composed of ipywidgets. No widget does anything before it is displayed.
"""
