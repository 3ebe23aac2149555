"""The record of each run of a job: what ran, with what, how it went; kept when the job is gone."""
