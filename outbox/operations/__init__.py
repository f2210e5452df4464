"""Everything that changes deliveries and where they go."""
