"""What people do with saliency maps; each app is one function."""
