"""Kefu's gateway: it owns every conversation and hands it to the right human."""

__version__ = "0.1.0"
