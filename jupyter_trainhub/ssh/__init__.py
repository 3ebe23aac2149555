"""SSH into instances and jobs: a server whose sessions are Kubernetes' exec and port-forward."""
