from django.apps import AppConfig


class OutboxConfig(AppConfig):
    name = "outbox"

    def ready(self) -> None:
        """Connect the receivers."""
        from outbox import receivers  # noqa: F401, PLC0415 - apps must be loaded first
