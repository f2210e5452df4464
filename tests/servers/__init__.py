"""Servers that live as long as the tests: PostgreSQL, Redis and Lotse itself."""
