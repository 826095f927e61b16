"""The site's own settings, as tests want them: nothing outside a temporary folder is touched."""

import atexit
import os
import shutil
import tempfile

# The first process makes the folder and takes it away; the workers of xdist, which do not come
# to the end of their exit, have theirs within it.
if "LIANCHA_TESTS" not in os.environ:
    os.environ["LIANCHA_TESTS"] = tempfile.mkdtemp(prefix="liancha-tests-")
    atexit.register(shutil.rmtree, os.environ["LIANCHA_TESTS"], ignore_errors=True)
_home = tempfile.mkdtemp(dir=os.environ["LIANCHA_TESTS"])

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
