"""Django settings. Each choice has an embedded default under KB_DATA_DIR, and a variable that replaces it.

docs/operate.md lists them; nothing in the code asks whether this is production.
"""

from pathlib import Path

from kb import env

BASE_DIR = Path(__file__).resolve().parent.parent

KB_DATA_DIR = env.data_dir("KB_DATA_DIR", BASE_DIR / "var")
KB_INDEX_URL = env.index("KB_INDEX_URL")
KB_EMBEDDER = env.text("KB_EMBEDDER", "all-MiniLM-L6-v2")
KB_RERANKER = env.text("KB_RERANKER", "")
KB_WEB_PROCESSES = env.number("KB_WEB_PROCESSES", 2, 1, 64)
KB_WEB_THREADS = env.number("KB_WEB_THREADS", 4, 1, 64)
# Fetching: hosts that may be private, whom to write to, seconds between two requests to a host, the size of a page.
KB_FETCH_ALLOW = env.hosts("KB_FETCH_ALLOW")
KB_FETCH_AGENT_CONTACT = env.contact("KB_FETCH_AGENT_CONTACT")
KB_FETCH_DELAY = env.number("KB_FETCH_DELAY", 1, 0, 600)
KB_FETCH_MAX_BYTES = env.number("KB_FETCH_MAX_BYTES", 20_000_000, 1_000, 1_000_000_000)
KB_MAX_UPLOAD_MB = env.number("KB_MAX_UPLOAD_MB", 500, 1, 100_000)

SECRET_KEY = env.secret_key("KB_SECRET_KEY", KB_DATA_DIR)
DEBUG = env.flag("KB_DEBUG")
ALLOWED_HOSTS = env.names("KB_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.names("KB_TRUSTED_ORIGINS", [])
SECURE_COOKIES = env.flag("KB_SECURE_COOKIES")

INSTALLED_APPS = [
    "kb.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "simple_history",
    "kb",
    "ingest",
    "search",
]
MIDDLEWARE = [
    "kb.middleware.head_without_body",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "kb.middleware.content_security_policy",
    "kb.middleware.api_answers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kb.tokens.sign_in_by_token",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "kb.middleware.addresses_without_nul",
]
ROOT_URLCONF = "kb.urls"
WSGI_APPLICATION = "kb.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "kb.context.site",
            ]
        },
    }
]

DATABASES = {"default": env.database("KB_DATABASE_URL", KB_DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
# The admin's page for deleting chosen entries posts a field an entry, and a snapshot has more than Django's 1,000.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
FILE_UPLOAD_HANDLERS = ["ingest.web.uploads.ToUploads"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
LOGIN_URL = "admin:login"
# How long a sign-in link can be used.
PASSWORD_RESET_TIMEOUT = 24 * 3600

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served straight from the source folders: nothing to collect, and nothing to go stale, on a machine of one's own.
WHITENOISE_USE_FINDERS = True
# Their names do not change with their content, so browsers ask again after a minute: an answer without a body.
WHITENOISE_MAX_AGE = 60

CELERY_TASK_DEFAULT_QUEUE = env.text("KB_QUEUE", "precedent")
CELERY_BROKER_URL, CELERY_BROKER_TRANSPORT_OPTIONS = env.broker("KB_BROKER_URL", KB_DATA_DIR)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s", "datefmt": "%H:%M:%S"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("KB_LOG_LEVEL", "WARNING").upper()},
}
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016", "security.W018"]
