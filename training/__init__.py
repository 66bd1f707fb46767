"""How the weights that the package brings are trained; no part of the package."""
