"""What changes organisations and staff: one writer per noun, each verb atomic with its trail entry."""
