"""What keeps the calls whole."""
