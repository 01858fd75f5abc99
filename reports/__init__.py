"""Korean markdown and pictures: values in, markdown out."""
