"""What package managers leave in file systems: which packages a layer brings, and their files."""
