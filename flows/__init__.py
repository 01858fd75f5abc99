"""One flow a file: a call's way through the product, and the flows that keep it healthy."""
