"""The logs of jobs: of one rank or of all, live and complete."""
