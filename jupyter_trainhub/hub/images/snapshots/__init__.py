"""Running instances saved as images."""
