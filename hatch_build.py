"""Put the front-end files into a wheel: git ignores them, so hatch has to be told.

They are made by frontend/build.py, which does nothing when they already match the lock.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class FrontendHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build = Path(self.root) / "frontend" / "build.py"
        # An editable install is served from the checkout, and dev.py has its own step for it.
        if version != "editable":
            subprocess.run([sys.executable, str(build)], check=True)
            build_data["artifacts"].append("liancha/site/static/vendor/**")
