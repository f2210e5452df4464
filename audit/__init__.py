"""The append-only trail: who did what, when, to which case; never a word of content."""
