"""Rasa graph components: thin wrappers over nlp/."""
