"""The directory's pages and its API."""
