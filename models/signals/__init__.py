"""What a call tells besides the request: the caller's emotion, and signs of danger. Classifiers of utterances, and what a call comes to."""
