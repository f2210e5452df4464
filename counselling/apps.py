from django.apps import AppConfig


class CounsellingConfig(AppConfig):
    name = "counselling"

    def ready(self) -> None:
        """Connect the receivers and checks, and fill in the permission table."""
        from counselling import checks, receivers, rules  # noqa: F401, PLC0415 - apps must be loaded
