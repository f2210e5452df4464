"""Files that people attach: received into memory, cleaned in a process of its own, stored sealed."""
