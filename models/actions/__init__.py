"""What has to be done after a call: who promised what or was asked for what, by when, and where it was said."""
