"""The description of the API, for machines and for people."""

from typing import cast

from apiflask import APIFlask
from flask import Response, current_app, jsonify, render_template

from clubcrm.accounts.access import public
from clubcrm.api.docs import openapi
from clubcrm.api.views import api


@api.get("/openapi.json")
@public
@api.doc(hide=True)
def show_openapi() -> Response:
    """Give the OpenAPI document."""
    return jsonify(openapi(cast(APIFlask, current_app)))


@api.get("/docs")
@public
@api.doc(hide=True)
def show_docs() -> str:
    """Show the OpenAPI document as a page on which calls can be tried."""
    return render_template("api/docs.html")
