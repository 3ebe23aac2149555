"""The Jupyter server half: translates HTTP to the hub, pushes changes, and proxies."""
