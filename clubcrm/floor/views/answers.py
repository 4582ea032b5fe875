"""How the floor answers a form: in place for a script, by a redirect else."""

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, request
from werkzeug.wrappers import Response

Page = Response | str | tuple[str, int]

FRAGMENT = "HX-Request"
GO_TO = "HX-Redirect"


def is_fragment() -> bool:
    """Whether a page script sent this form and puts the answer in place itself."""
    return request.headers.get(FRAGMENT) == "true"


def answer_with(words: str, address: str, tone: str = "in") -> Page:
    """A form was taken: say so, and go on to a page."""
    flash(words, tone)
    if not is_fragment():
        return redirect(address, 303)
    return FlaskResponse(render_template("floor/said.html", words=words), headers={GO_TO: address})
