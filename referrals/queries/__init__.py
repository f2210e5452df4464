"""What is read of the directory."""
