"""The files that the directory reads and writes, one format each."""
