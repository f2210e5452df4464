"""Addresses of chats."""
