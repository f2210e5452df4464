"""What changes cases: one writer per noun, each verb atomic with its trail entry inside."""
