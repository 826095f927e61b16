"""The site as a Django app, so that its templates, static files and commands are found."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "liancha.site"
    label = "site"
    verbose_name = "联查"

    def ready(self) -> None:
        from . import faults

        faults.speak_plainly()
