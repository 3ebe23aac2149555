"""What the pods of jobs use: asked of whatever knows it, kept while the jobs run."""
