"""A person of the centre asks the company's documents, by text or by voice: the services to choose from, the conversation, its answers."""
