"""SSH into dev instances: an SSH server whose sessions are Kubernetes' exec and port-forward."""
