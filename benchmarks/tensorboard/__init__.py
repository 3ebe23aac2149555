"""What the benchmarks of TensorBoards are made of."""
