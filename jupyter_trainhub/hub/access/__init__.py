"""Ways into a running instance: its programs' addresses, IDE, shells."""
