"""The domain: one module for each noun, free of Jupyter's server and of any user interface."""
