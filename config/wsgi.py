"""Pages: the WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from counselling import triaging  # noqa: E402 - needs the settings

# The first message must not wait for the triage engine, nor count as too slow because of it.
triaging.warm_up()
