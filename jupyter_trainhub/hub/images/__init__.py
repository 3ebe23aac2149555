"""Images: where they are kept, which there are, and what is done with them."""
