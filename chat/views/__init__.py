"""Pages of chats."""
