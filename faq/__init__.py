"""The FAQ knowledge base: entries, an index that follows them, and the search process."""
