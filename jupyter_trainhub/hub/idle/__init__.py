"""Idle instances: signs of activity, warning, stop."""
