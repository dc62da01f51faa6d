"""The other processes over HTTP: Rasa, FAQ search, the merchant's shop."""
