"""Data sets of gaze: what is on disk, fixations, and the maps made of them."""
