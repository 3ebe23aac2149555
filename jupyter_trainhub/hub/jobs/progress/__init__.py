"""How far jobs are, as the logs of their first ranks tell."""
