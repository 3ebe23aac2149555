"""The program of the Job that reads what a container has changed where its node keeps it.

It has no rights in the cluster, and writes nowhere but to a registry.
"""
