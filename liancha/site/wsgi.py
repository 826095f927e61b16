"""The door for a WSGI server: granian --interface wsgi liancha.site.wsgi:application.

It opens only when every lock of the database is in place.
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liancha.site.settings")

application = get_wsgi_application()

from django.db import connection  # noqa: E402

from liancha.ledger import locks  # noqa: E402

locks.require(connection)
connection.close()
