"""The TASED network, its encoder, its variants, and their weights."""
