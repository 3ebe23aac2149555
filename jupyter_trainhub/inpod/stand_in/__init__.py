"""The package ``jupyter_trainhub`` of images that have none, shipped with every job.

It has ``progress()``. Where the image has the real package, that one is imported instead.
"""
