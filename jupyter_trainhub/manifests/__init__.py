"""Specs to Kubernetes objects, Kubernetes objects to what people see: pure functions, no I/O."""
