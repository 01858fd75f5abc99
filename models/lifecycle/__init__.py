"""A trained model's life after training: versions, scores, votes, service."""
