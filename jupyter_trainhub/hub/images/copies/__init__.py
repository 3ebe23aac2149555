"""Images from archives and other registries, and into them."""
