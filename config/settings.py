"""All settings of Lotse, read from the environment and nothing else.

Every variable is listed in docs/operating.md. Outside the demo no secret has a default. What is missing
or wrong stops the start, all of it at once, each with a sentence that says what to set (config/environment.py).
"""

import logging
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
import django.conf.locale

from config import profiles
from config.demo.secrets import demo_secret
from config.environment import Environment
from config.headers import PAGE_POLICY, protect_static
from config.logs import of_a_thread

env = Environment()
BASE_DIR = Path(__file__).resolve().parent.parent

# `embedded`: one machine, nothing installed. `fleet`: many processes; needs more and says so.
PROFILE: str = env.choice("LOTSE_PROFILE", profiles.EMBEDDED, profiles.PROFILES)
DATA_DIR = env.folder("LOTSE_DATA_DIR", BASE_DIR / "var")
DEMO: bool = env.flag("LOTSE_DEMO", False)
DEBUG: bool = env.flag("LOTSE_DEBUG", False)
# Plain HTTP is for the demo and for tests on loopback: cookies then lose `Secure` and `__Host-`.
INSECURE_HTTP: bool = env.flag("LOTSE_INSECURE_HTTP", DEMO)
HOST: str = env.text("LOTSE_HOST", "127.0.0.1")
PORT: int = env.number("LOTSE_PORT", 8000, least=1, most=65535)


def secret(name: str) -> str:
    """Read a secret; the demo makes its own and keeps it beside its data."""
    return env.secret(name, demo_secret(name, DATA_DIR) if DEMO and not env.is_set(name) else "")


SECRET_KEY = secret("LOTSE_SECRET_KEY")
# Peppers the lookup id of an access code; it decrypts nothing.
CODE_PEPPER = secret("LOTSE_CODE_PEPPER")

# In the demo any name and address of this machine may be used, so that a phone can try it.
ALLOWED_HOSTS: list[str] = env.names(
    "LOTSE_ALLOWED_HOSTS", ["*"] if DEMO else ["localhost", "127.0.0.1", "[::1]"]
)
CSRF_TRUSTED_ORIGINS: list[str] = env.names("LOTSE_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "reporting.apps.ReportingConfig",
    "referrals.apps.ReferralsConfig",
    "chat.apps.ChatConfig",
    "counselling.apps.CounsellingConfig",
    "accounts.apps.AccountsConfig",
    "outbox.apps.OutboxConfig",
    "audit.apps.AuditConfig",
    "vault.apps.VaultConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp_webauthn",
    "django_htmx",
    "csp",
    "huey.contrib.djhuey",
]

MIDDLEWARE = [
    "config.middleware.TrafficMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.PrivacyHeadersMiddleware",
    "config.middleware.BrokenSealsMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "config.middleware.OversizeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "config.context.language_switch",
                "accounts.context.staff",
                "counselling.context.client",
                "counselling.context.alarms",
                "counselling.context.consultations",
                "chat.context.chats",
                "referrals.context.directory",
                "referrals.context.handoff",
            ],
        },
    }
]


# --- Processes of a fleet (manage.py fleet) ----------------------------------------------------
FLEET: dict[str, int] = {
    "web": env.number("LOTSE_WEB", 2, least=0, most=64),
    "sockets": env.number("LOTSE_SOCKETS", 2, least=0, most=64),
    "workers": env.number("LOTSE_WORKERS", 2, least=0, most=64),
}
# Threads share one interpreter; more than a few only wait for each other.
WEB_THREADS: int = env.number("LOTSE_WEB_THREADS", 4, least=1, most=64)
SOCKETS_PORT: int = env.number("LOTSE_SOCKETS_PORT", min(PORT + 1, 65535), least=1, most=65535)

# --- Where the truth lives --------------------------------------------------------------------
DATABASE_POOL: int = env.number("LOTSE_DATABASE_POOL", 12, least=2, most=200)


def database() -> dict[str, Any]:
    """Describe the database named by LOTSE_DATABASE_URL, by default an SQLite file.

    SQLite: WAL and IMMEDIATE transactions, so that readers never wait and writers queue instead of
    failing. PostgreSQL: a pool per process (platform.md: tripled inserts; without it Django opens a
    connection for each request and thread).
    """
    usual = f"sqlite:///{DATA_DIR}/lotse.sqlite3"
    url = env.address("LOTSE_DATABASE_URL", usual, ("postgres", "postgresql", "sqlite"))
    try:
        parsed: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError:  # its text would show the address, and a password in it
        env.wrong(
            "LOTSE_DATABASE_URL",
            "cannot be read",
            "Write it like postgres://user:password@host:5432/database; percent-encode special characters.",
        )
        parsed = dict(dj_database_url.parse(usual))
    options = parsed.setdefault("OPTIONS", {})
    if parsed["ENGINE"].endswith("sqlite3"):
        parsed["CONN_MAX_AGE"] = None
        options.update(
            transaction_mode="IMMEDIATE",
            timeout=20,
            init_command=(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
                "PRAGMA temp_store=MEMORY; PRAGMA secure_delete=ON;"
            ),
        )
    else:
        from psycopg_pool import ConnectionPool  # noqa: PLC0415 - takes its time, and SQLite needs none

        parsed["CONN_MAX_AGE"] = 0
        # Who waits for a lock for so long gets an answer, as on SQLite; else one forgotten transaction
        # could hold every process. A server that went without a word is noticed in as long.
        options.setdefault("options", "-c lock_timeout=20s")
        options.setdefault("connect_timeout", 5)
        options.setdefault("keepalives_idle", 10)
        options.setdefault("keepalives_interval", 5)
        options.setdefault("keepalives_count", 2)
        options.setdefault("tcp_user_timeout", 20_000)
        options["pool"] = {
            "min_size": 1,
            "max_size": DATABASE_POOL,
            # A restart of the server is waited out; after that the page says so.
            "timeout": 10,
            # The waits between tries double until then; with the usual 300 the first page after an
            # outage of five minutes could have to wait for minutes more.
            "reconnect_timeout": 4,
            # Then it would not try again before somebody new asks, while those who wait already wait
            # in vain: begin anew, so that the server is tried every two seconds while it is away.
            "reconnect_failed": ConnectionPool.check,
        }
    return parsed


DATABASES = {"default": database()}
# What was deleted, by id; kept apart from the backups and applied again after a restore.
DELETION_LIST = Path(env.text("LOTSE_DELETION_LIST", str(DATA_DIR / "deletions.jsonl"))).resolve()

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env.address("LOTSE_REDIS_URL", "", ("redis", "rediss", "unix"))
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "config.layers.FleetChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": "lotse"},
        }
        if REDIS_URL
        else {"BACKEND": "config.layers.EmbeddedChannelLayer", "CONFIG": {"capacity": 1000}}
    )
}
# Counters of tries (accounts/throttle.py) and nothing else. Room enough that a flood of tries does not
# push other people's counters out.
CACHES: dict[str, dict[str, Any]] = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "lotse",
        }
        if REDIS_URL
        else {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    )
}
HUEY: dict[str, Any] = {
    "huey_class": "huey.RedisHuey" if REDIS_URL else "huey.SqliteHuey",
    "name": "lotse",
    "results": False,
    "immediate": False,
    "consumer": {"workers": 2, "worker_type": "thread", "periodic": True},
} | (
    {"url": REDIS_URL}
    if REDIS_URL
    else {"filename": str(DATA_DIR / "queue.sqlite3"), "fsync": False}
)

# A second triage model (a folder as `manage.py train_triage --out` writes it) that is rated beside the
# installed one and moves nothing; /team/modelle/ compares the two.
TRIAGE_SHADOW: str = env.text("LOTSE_TRIAGE_SHADOW", "")

# Who may read /metrics/; without it there is no such page.
METRICS_TOKEN: str = env.text("LOTSE_METRICS_TOKEN", "")

# --- Who comes in -----------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    # How hard it is to guess is rated by accounts/strength.py.
    for name, options in (("MinimumLengthValidator", {"min_length": 12}),)
]
# Passkeys belong to the name in the address bar, which accounts/passkeys.py takes from the request.
OTP_WEBAUTHN_RP_ID_CALLABLE = "accounts.passkeys.Site.of"
OTP_WEBAUTHN_RP_NAME = "Lotse"
OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN = False
OTP_WEBAUTHN_EXCEPTION_LOGGER_NAME = ""
SILENCED_SYSTEM_CHECKS = ["otp_webauthn.E030"]  # the allowed origin too comes from the request
# What unlocking a person's keys costs (Argon2id), and how many may do so at once: 64 MiB each. Tests
# lower it; `manage.py check --deploy` refuses less.
ARGON2_MEMORY_KIB: int = env.number(
    "LOTSE_ARGON2_MEMORY_KIB", 64 * 1024, least=8, most=4 * 1024 * 1024
)
ARGON2_PASSES: int = env.number("LOTSE_ARGON2_PASSES", 3, least=1, most=100)
ARGON2_AT_ONCE: int = env.number("LOTSE_ARGON2_AT_ONCE", 2, least=1, most=64)
# Handing keys on and wrapping anew happens beside the requests of who holds them (accounts/duties.py).
KEY_DUTIES = True

SESSION_ENGINE = "vault.sessions"
SESSION_COOKIE_NAME = "lotse" if INSECURE_HTTP else "__Host-lotse"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Strict"
DEVICE_COOKIE_NAME = "lotse-device" if INSECURE_HTTP else "__Host-lotse-device"
# A member of staff is out after so long without doing anything, and after so long in any case.
STAFF_IDLE = timedelta(minutes=env.number("LOTSE_STAFF_IDLE_MINUTES", 60, least=5, most=240))
STAFF_LONGEST = timedelta(hours=env.number("LOTSE_STAFF_HOURS", 12, least=1, most=24))
CSRF_COOKIE_NAME = "lotse-form" if INSECURE_HTTP else "__Host-lotse-form"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_AGE = None
CSRF_FAILURE_VIEW = "config.errors.expired_form"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not INSECURE_HTTP
SECURE_HSTS_SECONDS = 0 if INSECURE_HTTP else 2 * 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not INSECURE_HTTP
BEHIND_PROXY: bool = env.flag("LOTSE_BEHIND_PROXY", False)
# Whoever watches asks from inside, where nothing speaks TLS.
SECURE_REDIRECT_EXEMPT = [r"^health/$", r"^ready/$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# `no-referrer` would make browsers send `Origin: null` with our own forms, which the CSRF check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# What a form that anybody may send must bring (accounts/gate.py). Seconds that it must have been open
# when it brings no proof of work; 0 switches that off.
FORM_MINIMUM_AGE: int = env.number("LOTSE_FORM_MINIMUM_AGE", 3, least=0, most=600)
# Multiplies every limit for clients, for a house whose parents come through few addresses.
LIMITS_FACTOR: float = env.factor("LOTSE_LIMITS_FACTOR", 1.0, least=0.1, most=100_000)

CONTENT_SECURITY_POLICY = {"DIRECTIVES": PAGE_POLICY}

# A text of 200,000 characters, each four bytes and percent-encoded, must still reach the form, which
# answers with a sentence; what is larger is answered by OversizeMiddleware.
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 20
# Nothing that is sent gets a name on a disk.
FILE_UPLOAD_HANDLERS = ["counselling.uploads.handler.MemoryUploads"]
# A ClamAV daemon that looks at every file: `unix:///run/clamav/clamd.ctl` or `tcp://127.0.0.1:3310`.
CLAMD_URL: str = env.address("LOTSE_CLAMD_URL", "", ("unix", "tcp"))

# --- Mail -------------------------------------------------------------------------------------
# Without a host no mail leaves.
EMAIL_HOST: str = env.text("LOTSE_EMAIL_HOST", "")
EMAIL_PORT: int = env.number("LOTSE_EMAIL_PORT", 587, least=1, most=65535)
EMAIL_HOST_USER: str = env.text("LOTSE_EMAIL_USER", "")
EMAIL_HOST_PASSWORD: str = env.text("LOTSE_EMAIL_PASSWORD", "")
EMAIL_USE_TLS: bool = env.flag("LOTSE_EMAIL_TLS", True)
EMAIL_TIMEOUT = 20
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if EMAIL_HOST
    else "django.core.mail.backends.dummy.EmailBackend"
)
DEFAULT_FROM_EMAIL: str = env.text("LOTSE_EMAIL_FROM", "Lotse <lotse@localhost>")
# Lets calls to gateways and push services reach this machine and its network, also without TLS: for an
# SMS device in the own house, and for tests.
OUTBOX_PRIVATE: bool = env.flag("LOTSE_OUTBOX_PRIVATE", False)
# Where links in mails lead: nobody's request says it when the worker writes.
PUBLIC_URL: str = env.address(
    "LOTSE_PUBLIC_URL", f"http://{HOST}:{PORT}", ("http", "https")
).rstrip("/")

# --- Words, time, files -----------------------------------------------------------------------
LANGUAGE_CODE = "de"
LANGUAGES = [("de", "Deutsch"), ("de-du", "Deutsch (du)"), ("en", "English")]
# The form of address is an organisation's setting; Django knows it as a language of its own that
# falls back to `de` where nothing differs.
django.conf.locale.LANG_INFO["de-du"] = {
    "bidi": False,
    "code": "de-du",
    "name": "German (informal)",
    "name_local": "Deutsch (du)",
}
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.text("LOTSE_TIME_ZONE", "Europe/Berlin")

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # What people attach, sealed. Any Django storage will do: it never sees a readable byte.
    "attachments": {
        "BACKEND": env.text(
            "LOTSE_ATTACHMENTS_STORAGE", "counselling.uploads.storage.SealedFolder"
        ),
        "OPTIONS": env.options("LOTSE_ATTACHMENTS_OPTIONS", {"location": str(DATA_DIR / "media")}),
    },
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_ADD_HEADERS_FUNCTION = protect_static

LOG_LEVEL: str = env.choice(
    "LOTSE_LOG_LEVEL", "", ("", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
)
# `json`: a line of JSON for each record, for a collector of logs.
LOG_FORMAT: str = env.choice("LOTSE_LOG_FORMAT", "plain", ("plain", "json"))
# No access log, no request line, no exception text: a path, a header or an error's text may hold
# what a client wrote (config/logs.py).
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "config.logs.ContentFreeFormatter"},
        "json": {"()": "config.logs.JsonFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL or "WARNING"},
    "loggers": {
        "lotse": {"level": LOG_LEVEL or "INFO"},
        # With a handler of ours; else Huey's command adds one that prints the texts of errors.
        "huey": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.server": {"handlers": [], "propagate": False},
        "django.channels.server": {"handlers": [], "propagate": False},
    },
}
# A record that cannot be written (a full disk) would else be printed with its arguments.
logging.raiseExceptions = False
threading.excepthook = of_a_thread
DEFAULT_EXCEPTION_REPORTER_FILTER = "config.logs.NothingReporterFilter"

profiles.look_through(
    env,
    profiles.Told(
        profile=PROFILE,
        secret_key=SECRET_KEY,
        code_pepper=CODE_PEPPER,
        allowed_hosts=ALLOWED_HOSTS,
        trusted_origins=CSRF_TRUSTED_ORIGINS,
        public_url=PUBLIC_URL,
        email_from=DEFAULT_FROM_EMAIL,
        time_zone=TIME_ZONE,
        metrics_token=METRICS_TOKEN,
        database=DATABASES["default"],
        deletion_list=DELETION_LIST,
        attachments=STORAGES["attachments"]["BACKEND"],
        triage_shadow=TRIAGE_SHADOW,
        threads=WEB_THREADS,
        pool=DATABASE_POOL,
        demo=DEMO,
        debug=DEBUG,
        insecure_http=INSECURE_HTTP,
        behind_proxy=BEHIND_PROXY,
    ),
)
ENVIRONMENT = env
env.finish()
