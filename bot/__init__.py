"""The Rasa side: input channel, tracker store, graph components and actions."""
