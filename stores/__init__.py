"""What lies in S3, one kind of object a module."""
