"""One vendor a file, no Prefect: the wire, its timeouts, and the mapping of its errors to ours."""
