"""Frames in and out: reading videos and pictures, writing maps, videos, arrays and tables."""
