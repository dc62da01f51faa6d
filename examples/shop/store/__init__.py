"""The shop's SQL."""
