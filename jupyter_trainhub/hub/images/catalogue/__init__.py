"""The images that there are, and what is done with those of the site."""
