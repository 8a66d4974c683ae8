"""Reads the user's YAML into the model, every problem with its place."""
