"""The library itself: what it holds, its folders and models, what couldn't be read, and indexing."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for

from searchengine.errors import UsageError, printable
from searchengine.records import FileState
from searchengine.settings import absolute
from web.access import at_this_machine
from web.context import the_library
from web.forms import read_page
from web.texts import gettext as _
from web.texts import ngettext

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.wrappers import Response

    from searchengine.records import IndexReport
    from web.jobs import IndexJob

blueprint = Blueprint("library_page", __name__)

FAILURES = 50  # on a page


@blueprint.get("/library")
def library() -> str:
    """What there is to know, and a button to index."""
    database, job, page = the_library().database, _job().state, read_page(request.args)
    active = database.models.active()
    files, failures = database.files.counts(), database.failures.all()
    roots = [(printable(root.path), root.online, database.files.count(root.id)) for root in database.roots.all()]
    return render_template(
        "library.html",
        photos=database.photos.count(),
        lacking=len(database.embeddings.lacking(active[0])) if active else 0,
        missing=files[FileState.MISSING],
        offline=files[FileState.OFFLINE],
        folder=printable(the_library().settings.library),
        read_only=database.read_only,
        roots=roots,
        model=active[1].name if active else None,
        models=[each for each in the_library().models.entries() if each.installed],
        job=job,
        outcome=_outcome(job.report) if job.report else None,
        failures=[(printable(each.path), each.reason) for each in failures[(page - 1) * FAILURES : page * FAILURES]],
        unreadable=len(failures),
        page=page,
        more=len(failures) > page * FAILURES,
    )


@blueprint.post("/library")
def index() -> Response:
    """Start or stop indexing, as the field `do` says; a new `folder` only from a browser on this very machine."""
    match request.form.get("do"):
        case "start":
            _job().start()
        case "add":
            if not at_this_machine():
                abort(403, "Only a browser on the machine where the photos are can add a folder.")
            _job().start([_folder()])
        case "stop":
            _job().stop()
        case other:
            raise UsageError(f"Nothing is known that is called {other!r}.")
    return redirect(url_for("library_page.library"), 303)


def _job() -> IndexJob:
    return cast("IndexJob", current_app.extensions["index_job"])


def _folder() -> Path:
    """The folder that was named. Raises UsageError where none was."""
    folder = request.form.get("folder", "").strip()
    if not folder or "\0" in folder:
        raise UsageError("No folder was named.", "Write where your photos are, as ~/Pictures.")
    return absolute(folder)


def _outcome(report: IndexReport) -> str:
    """What the last run did, in a sentence."""
    done = [
        (report.added, ngettext("%(num)s photo added", "%(num)s photos added", report.added)),
        (report.copied, ngettext("%(num)s copy", "%(num)s copies", report.copied)),
        (report.moved, ngettext("%(num)s moved", "%(num)s moved", report.moved)),
        (report.changed, ngettext("%(num)s changed", "%(num)s changed", report.changed)),
        (report.missing, ngettext("%(num)s gone", "%(num)s gone", report.missing)),
        (report.offline, ngettext("%(num)s not connected", "%(num)s not connected", report.offline)),
        (report.unreadable, ngettext("%(num)s unreadable", "%(num)s unreadable", report.unreadable)),
    ]
    told = ", ".join(words for count, words in done if count) or _("nothing is new")
    if report.interrupted:
        return _("Indexing was stopped: %(told)s.", told=told)
    return _("Indexing is done: %(told)s.", told=told)
