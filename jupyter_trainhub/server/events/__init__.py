"""What TrainHub tells on Jupyter's event bus."""
