"""A trained model's life after training, whatever it answers: versions, scores, votes, service."""
