"""What runs in the process that takes a stranger's file apart. It knows neither Django nor the house."""
