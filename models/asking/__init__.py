"""A question over many calls: retrieval by the words said, answers that cite calls and seconds, a language model held to them."""
