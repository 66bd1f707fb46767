"""A web page and an HTTP API that predict the videos they are given."""
