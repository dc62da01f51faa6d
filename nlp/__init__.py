"""Understanding of customers' text: plain Python, no Rasa, no web, nothing loaded at import."""
