"""The ways in which a job runs: each turns a spec into objects, and objects into a state."""
