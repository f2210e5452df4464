#!/usr/bin/env python3
"""Run Lotse's management commands."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] == ["demo"]:
        # Before the settings are read: the demo makes its own secrets and speaks plain HTTP.
        os.environ.setdefault("LOTSE_DEMO", "1")
    try:
        settings.INSTALLED_APPS  # noqa: B018 - reads the environment; a mistake in it is no traceback
    except ImproperlyConfigured as mistakes:
        sys.exit(str(mistakes))
    execute_from_command_line(sys.argv)
