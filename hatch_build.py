"""Builds the browser's files and the translations whenever the package is built or installed.

Both an ordinary wheel and an editable installation pass through here; the work itself is in
`frontend/build.py`, which skips what is up to date.
"""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))

from frontend.build import build_assets


class FrontEnd(BuildHookInterface):
    """The step of a build that fetches, cuts and bundles what the browser gets."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bring the browser's files up to date before the files of the package are listed."""
        if self.target_name == "wheel":
            build_assets(Path(self.root), progress=self.app.display_info)
