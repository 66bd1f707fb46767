"""How well maps predict gaze: metrics, protocols, results, tables."""
