"""What runs when a notebook is submitted: pure functions from cells to a program."""
