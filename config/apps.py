from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        """Connect the checks."""
        from config import checks  # noqa: F401, PLC0415 - apps must be loaded
