"""The curves of jobs, as TensorBoard reads them and as logs tell them."""
