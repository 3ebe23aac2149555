"""Volumes of jobs, and the files in them."""
