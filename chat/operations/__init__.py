"""What changes chats."""
