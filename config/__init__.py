"""Settings, entry points and the demo: the only package that may import every other one."""
