"""Named areas of a video, and how much attention they hold."""
