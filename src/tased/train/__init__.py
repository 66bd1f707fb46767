"""Training: recipes, losses, samples, the loop, what it writes, and going on after an interruption."""
