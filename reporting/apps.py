from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "reporting"

    def ready(self) -> None:
        """Fill in the permission table."""
        from reporting import rules  # noqa: F401, PLC0415 - apps must be loaded first
