"""What changes rows of the directory."""
