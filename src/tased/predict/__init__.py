"""From frames to saliency maps: windows, streams, predictors, scales."""
