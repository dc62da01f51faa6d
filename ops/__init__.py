"""Set-up, training and running on one machine. `ops.setup` and what it imports use the standard library alone."""
