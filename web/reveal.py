"""Show a photo's file in the system's file manager, for the person who sits at this very machine."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from flask import Blueprint, abort

from searchengine.records import FileState
from web.access import at_this_machine
from web.context import photo_with_id
from web.forms import MAX_ID

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

blueprint = Blueprint("reveal", __name__)

PATIENCE = 3  # seconds; some file managers run until their window is closed


@blueprint.post(f"/photos/<int(max={MAX_ID}):photo_id>/reveal")
def reveal(photo_id: int) -> ResponseReturnValue:
    """Open the folder in which a photo lies, with the photo selected where the system can do that."""
    if not at_this_machine():
        abort(403, "Only a browser on the machine where the photos are can show their folder.")
    photo = photo_with_id(photo_id)
    path = next((file.path for file in photo.files if file.state is FileState.PRESENT), None)
    if path is None or not os.path.exists(path):  # noqa: PTH110  # paths are bytes
        abort(404, "The original isn't there now.")
    try:
        shown = subprocess.Popen(
            command(path, sys.platform),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C ends the server, not the file manager
        )
        failed = shown.wait(PATIENCE) != 0 and sys.platform != "win32"  # Explorer always says 1
    except FileNotFoundError:
        failed = True
    except subprocess.TimeoutExpired:
        failed = False
    if failed:
        abort(501, "This machine has no file manager that can be opened from here.")
    return "", 204


def command(path: bytes, platform: str) -> list[str | bytes]:
    """What opens the file manager of this platform (as `sys.platform` names it). An absolute path is no option."""
    if platform == "darwin":
        return ["open", "-R", path]
    if platform == "win32":
        return ["explorer", "/select," + os.fsdecode(path)]
    return ["xdg-open", os.path.dirname(path)]  # noqa: PTH120  # paths are bytes
