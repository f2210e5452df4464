"""What `startproject` gives, on the database and the server that Lotse is measured on."""

import os
from typing import Any

import dj_database_url

SECRET_KEY = "benchmark"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "benchmarks.bare",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "benchmarks.bare.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The same database settings as Lotse's (config/settings.py), so that only the work differs.
_parsed: dict[str, Any] = dict(dj_database_url.parse(os.environ["BARE_DATABASE_URL"]))
if _parsed["ENGINE"].endswith("sqlite3"):
    _parsed["CONN_MAX_AGE"] = None
    _parsed["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    _parsed["OPTIONS"] = {"pool": {"min_size": 1, "max_size": 12, "timeout": 20}}
DATABASES = {"default": _parsed}
if os.environ.get("BARE_CHAT") == "echo" and os.environ["BARE_LAYER"] == "redis":
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [os.environ["BARE_REDIS_URL"]]},
        }
    }
elif os.environ.get("BARE_CHAT") == "echo":
    CHANNEL_LAYERS = {
        "default": {"BACKEND": "config.layers.EmbeddedChannelLayer", "CONFIG": {"capacity": 1000}}
    }
elif os.environ.get("BARE_CHAT") == "tutorial":
    DATABASES["default"].pop("OPTIONS")  # connections as Django opens them by itself
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {"hosts": [os.environ["BARE_REDIS_URL"]]},
        }
    }
