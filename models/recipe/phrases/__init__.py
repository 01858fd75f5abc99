"""What callers say, as data: requests, topics, manners of speaking, and the Korean morphology that joins them."""
