"""Long actions on images: carried out in threads, recorded in the cluster."""
