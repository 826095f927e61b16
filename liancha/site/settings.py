"""Settings, all of them by environment; the defaults run a city on one machine with SQLite.

What a place would have to change is read from a variable and listed here:

LIANCHA_HOME              where the database, keys and files live; default var/ beside the code
LIANCHA_SECRET_KEY        signing key; otherwise made once and kept in LIANCHA_HOME/secret_key
LIANCHA_DEMO              1: a made-up city, a role switcher on the login page, plain http allowed
LIANCHA_DEBUG             1: Django's debug pages; never where others can reach it
LIANCHA_ALLOWED_HOSTS     host names, comma separated; default this machine only
LIANCHA_TRUSTED_ORIGINS   https origins that may post forms, comma separated
LIANCHA_HTTPS             0: cookies also over plain http; default 1 unless demo or debug
LIANCHA_HSTS_SECONDS      Strict-Transport-Security; default 0
LIANCHA_BEHIND_PROXY      1: believe X-Forwarded-Proto of the proxy in front
LIANCHA_EFFECTIVE_FROM    the day the Measures took effect here; earlier tasks carry no terms
LIANCHA_CITY              six-digit division code of the city
LIANCHA_LOG_LEVEL         default WARNING
LIANCHA_LOG_ORIGIN        name of the public log, for ever; default liancha/<division code>
LIANCHA_LOG_KEY           file with the public log's private key; default LIANCHA_HOME/log_key
LIANCHA_LOG_WITNESSES     who cosigns: "KEY URL" or "KEY" where the witness fetches, comma separated
LIANCHA_LOG_WAIT          0: reveals do not wait for a cosignature; default 1 if there are witnesses
LIANCHA_LOG_PATIENCE      minutes after which an operator may go on without one; default 10
LIANCHA_OWN_LINK_DAYS     days a firm's link to its own page holds; default 180
LIANCHA_GENERAL_CAP       share of general items above which a rate needs a reason; default 1/10
LIANCHA_MERGE_DAYS        inspections of one firm so many days apart could be one visit; default 30
LIANCHA_QUEUE_SYNC        1: background jobs run at once, in the process that asks (tests)
LIANCHA_WORKERS           background workers; default 2
LIANCHA_BACKGROUND_FROM   pools of so many targets are frozen and locked by the worker; default 5000
LIANCHA_MANIFEST          0: static files keep their names and need no collectstatic (tests)
DATABASE_URL              postgres://user:password@host/name; default SQLite in LIANCHA_HOME
DATABASE_POOL             0: no connection pool on PostgreSQL; the command line sets it itself

A number that the Measures give is never here: those stand in the rulebook.
"""

import os
import secrets
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

# ── Places ────────────────────────────────────────────────────────────────────────────────

SITE_DIR = Path(__file__).resolve().parent
PROJECT_DIR = SITE_DIR.parents[1]


def home() -> Path:
    """The folder for everything this installation writes; beside the code in a checkout."""
    checkout = (PROJECT_DIR / "pyproject.toml").exists()
    default = (PROJECT_DIR if checkout else Path.cwd()) / "var"
    path = Path(env.str("LIANCHA_HOME", default=str(default))).expanduser().resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


HOME = home()

# ── This installation ─────────────────────────────────────────────────────────────────────

DEBUG = env.bool("LIANCHA_DEBUG", default=False)
LIANCHA_DEMO = env.bool("LIANCHA_DEMO", default=False)
LIANCHA_CITY = env.str("LIANCHA_CITY", default="410300")

_effective_from = env.str("LIANCHA_EFFECTIVE_FROM", default="2020-01-01")
try:
    LIANCHA_EFFECTIVE_FROM = date.fromisoformat(_effective_from)
except ValueError as error:
    raise ImproperlyConfigured(
        f"LIANCHA_EFFECTIVE_FROM 应为 2020-01-01 这样的日期，现在是 {_effective_from!r}。"
    ) from error


def secret_key() -> str:
    """The key from the environment, or the one kept in HOME, made on the first start.

    Server and worker may start at the same moment: whoever links the file first wins, and
    both then read the same key.
    """
    if given := env.str("LIANCHA_SECRET_KEY", default=""):
        return given
    path = HOME / "secret_key"
    if not path.exists():
        draft = HOME / f"secret_key.{os.getpid()}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


SECRET_KEY = secret_key()

# ── The public log ────────────────────────────────────────────────────────────────────────

LIANCHA_LOG_ORIGIN = env.str("LIANCHA_LOG_ORIGIN", default=f"liancha/{LIANCHA_CITY}")
LIANCHA_LOG_KEY = env.str("LIANCHA_LOG_KEY", default=str(HOME / "log_key"))
LIANCHA_LOG_WITNESSES = [
    item.strip() for item in env.list("LIANCHA_LOG_WITNESSES", default=[]) if item.strip()
]
LIANCHA_DEMO_WITNESS = HOME / "demo-witness" / "public_key"  # known in a demo only
LIANCHA_LOG_WAIT = env.bool("LIANCHA_LOG_WAIT", default=bool(LIANCHA_LOG_WITNESSES))
LIANCHA_LOG_PATIENCE = env.int("LIANCHA_LOG_PATIENCE", default=10)

# ── Rooms and other apps ──────────────────────────────────────────────────────────────────

# No admin site: whoever runs the machine must not be able to edit business records.
INSTALLED_APPS = [
    "liancha.site",
    "liancha.oversight",
    "liancha.disclosure",
    "liancha.inspection",
    "liancha.openlog",
    "liancha.draw",
    "liancha.task",
    "liancha.plan",
    "liancha.roster",
    "liancha.registry",
    "liancha.lists",
    "liancha.papers",
    "liancha.queue",
    "liancha.workdays",
    "liancha.accounts",
    "liancha.ledger",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "django_q",
    "template_partials",
]
if DEBUG:
    # Whitenoise serves in debug too, so that both modes take the same way.
    INSTALLED_APPS.insert(0, "whitenoise.runserver_nostatic")

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "liancha.site.errors.PlainAnswersMiddleware",
    "liancha.site.blocked.BlockedMiddleware",
    "liancha.accounts.middleware.PasswordChangeMiddleware",
]

ROOT_URLCONF = "liancha.site.urls"
WSGI_APPLICATION = "liancha.site.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [SITE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "liancha.site.context.shell",
            ],
            "builtins": [
                "django.templatetags.static",
                "django_htmx.templatetags.django_htmx",
                "template_partials.templatetags.partials",
                "liancha.site.templatetags.lc",
            ],
        },
    },
]

# ── Database ──────────────────────────────────────────────────────────────────────────────

# IMMEDIATE takes the write lock when a transaction begins. Otherwise a transaction that first
# reads and then writes fails at once ("database is locked") as soon as another one writes.
SQLITE_OPTIONS: dict[str, Any] = {
    # Longer than the longest write there is, the lock of a very large draw on a busy machine.
    "timeout": 60,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL;"
        "PRAGMA synchronous=NORMAL;"
        "PRAGMA foreign_keys=ON;"
        "PRAGMA cache_size=-32768;"
    ),
}


def database() -> dict[str, Any]:
    """The one database, with the options its kind needs."""
    url = env.str("DATABASE_URL", default="") or f"sqlite:///{HOME / 'liancha.sqlite3'}"
    config: dict[str, Any] = {**env.db_url_config(url)}
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = SQLITE_OPTIONS | options
    elif config["ENGINE"].endswith("postgresql"):
        if env.bool("DATABASE_POOL", default=True):
            options["pool"] = {"min_size": 1, "max_size": 16, "timeout": 10}
    else:
        raise ImproperlyConfigured(
            "DATABASE_URL 只支持 PostgreSQL（postgres://…）和 SQLite（sqlite:///…）。"
        )
    return config


DATABASES = {"default": database()}

# ── Who comes in ──────────────────────────────────────────────────────────────────────────

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "liancha.accounts.backends.WithDepartment",
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "liancha.accounts.passwords.LongEnough",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "liancha.accounts.passwords.ThreeOfFourKinds"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "liancha.accounts.passwords.NotRecentlyUsed"},
]

# Name and address together: by name alone, anyone could keep an official out on the day of a
# draw by mistyping on purpose. Behind a proxy all addresses are one, and only the name counts.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False

# Thirty idle minutes end a session; every request starts the count again, to within a minute.
SESSION_ENGINE = "liancha.site.sessions"
SESSION_COOKIE_AGE = 30 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_NAME = "liancha_session"
CSRF_COOKIE_NAME = "liancha_csrf"

# ── The web ───────────────────────────────────────────────────────────────────────────────

HTTPS = env.bool("LIANCHA_HTTPS", default=not (DEBUG or LIANCHA_DEMO))

ALLOWED_HOSTS = env.list("LIANCHA_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("LIANCHA_TRUSTED_ORIGINS", default=[])
CSRF_FAILURE_VIEW = "liancha.site.errors.csrf"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = env.int("LIANCHA_HSTS_SECONDS", default=0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = False
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env.bool("LIANCHA_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}

# Camera and place are for the visit page alone (arrival, evidence).
PERMISSIONS_POLICY: dict[str, list[str]] = {
    "camera": ["self"],
    "geolocation": ["self"],
    "fullscreen": ["self"],
    "accelerometer": [],
    "autoplay": [],
    "display-capture": [],
    "gyroscope": [],
    "magnetometer": [],
    "microphone": [],
    "midi": [],
    "payment": [],
    "usb": [],
}

# Files go to disk and do not count; this is for form fields, a drawn signature among them.
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
DATA_UPLOAD_MAX_NUMBER_FILES = 50
FILE_UPLOAD_PERMISSIONS = 0o640
MEDIA_ROOT = HOME / "files"

# ── Static files ──────────────────────────────────────────────────────────────────────────

MANIFEST = env.bool("LIANCHA_MANIFEST", default=not DEBUG)

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = not MANIFEST
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if MANIFEST
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}

# ── Language and time ─────────────────────────────────────────────────────────────────────

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# A firm's link outlives the visits of the draw it was given for; then it is fetched anew.
LIANCHA_OWN_LINK_DAYS = env.int("LIANCHA_OWN_LINK_DAYS", default=180)

# Local practice (decision A31); key items have no cap.
LIANCHA_GENERAL_CAP = env.str("LIANCHA_GENERAL_CAP", default="1/10")
try:
    if not 0 < Fraction(LIANCHA_GENERAL_CAP) <= 1:
        raise ValueError
except ValueError as fault:
    raise ImproperlyConfigured(
        "LIANCHA_GENERAL_CAP 应是大于 0、不超过 1 的分数或小数，例如 1/10。"
    ) from fault

# How far apart two inspections of one firm may lie to be proposed as one visit (E14).
LIANCHA_MERGE_DAYS = env.int("LIANCHA_MERGE_DAYS", default=30)

# A smaller pool is frozen and locked while the person waits: it takes less than a second.
LIANCHA_BACKGROUND_FROM = env.int("LIANCHA_BACKGROUND_FROM", default=5_000)

# ── Background jobs ───────────────────────────────────────────────────────────────────────

# Delivery is at least once: a job not acknowledged after `retry` seconds is run again, so
# `retry` must be longer than `timeout`, and a job must bear being run twice.
Q_CLUSTER = {
    "name": "liancha",
    "label": "后台任务",
    "orm": "default",
    "workers": env.int("LIANCHA_WORKERS", default=2),
    "timeout": 15 * 60,
    "retry": 20 * 60,
    "max_attempts": 3,
    "ack_failures": True,
    "poll": 1,
    "queue_limit": 8,
    "recycle": 200,
    "save_limit": 1_000,
    "catch_up": False,
    "log_level": "WARNING",
    "sync": env.bool("LIANCHA_QUEUE_SYNC", default=False),
}

# ── Log ───────────────────────────────────────────────────────────────────────────────────

LOG_LEVEL = env.str("LIANCHA_LOG_LEVEL", default="WARNING").upper()

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        # A 404 is an answer here (what you may not see is not there), not news.
        "django.request": {"level": "ERROR"},
        "django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django-q": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False},
        "liancha": {"level": LOG_LEVEL},
    },
}
