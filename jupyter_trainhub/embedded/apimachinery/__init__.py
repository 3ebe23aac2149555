"""What Kubernetes objects and answers are made of."""
