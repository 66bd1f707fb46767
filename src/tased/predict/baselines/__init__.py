"""Training-free predictors: what a trained network has to beat, and what there is until one is here.

centre.py     everyone looks at the middle
motion.py     what moves against the camera (camera.py) stands out
spectral.py   what the log spectrum does not expect (Hou & Zhang, 2007)
gbvs.py       equilibria of random walks over feature maps (Harel, Koch & Perona, 2006; features.py)

causal.py is the shot they share, grid.py the way between a frame's pixels and a map's.
"""
