from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        """Connect the receivers, and fill in the permission table."""
        from chat import receivers, rules  # noqa: F401, PLC0415 - apps must be loaded first
