"""Measurements, always as a ratio of two things in one run: machines are noisy."""
