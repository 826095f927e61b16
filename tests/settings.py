"""The site's own settings, as tests want them: nothing outside a temporary folder is touched."""

import atexit
import os
import shutil
import tempfile

_home = tempfile.mkdtemp(prefix="liancha-tests-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)

os.environ.update(
    LIANCHA_HOME=_home,
    LIANCHA_SECRET_KEY="only for tests",
    LIANCHA_MANIFEST="0",
    LIANCHA_QUEUE_SYNC="1",
    DATABASE_POOL="0",
)
for _name in ("LIANCHA_DEMO", "LIANCHA_DEBUG", "LIANCHA_EFFECTIVE_FROM", "LIANCHA_CITY"):
    os.environ.pop(_name, None)

from liancha.site.settings import *  # noqa: E402, F403

# Argon2 is slow on purpose; tests make many users and guard none of them.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
