"""The columns of a file: guessed, shown with samples, chosen by whoever knows better."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from flask import render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from clubcrm.accounts.access import requires
from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.errors import BadMapping
from clubcrm.exchange.forms import TAG, ColumnsForm, chosen_mapping
from clubcrm.exchange.operations.batches import choose
from clubcrm.exchange.operations.files import refuse_useless
from clubcrm.exchange.policies.columns import COLUMNS
from clubcrm.exchange.policies.guarding import unguarded
from clubcrm.exchange.policies.headings import Guess
from clubcrm.exchange.policies.mapping import TAGS, ColumnMapping, lay_out, mapping_of
from clubcrm.exchange.queries import BatchRow
from clubcrm.exchange.readers import open_table
from clubcrm.exchange.states import HeadingFate, Kind
from clubcrm.exchange.uploads import path_of
from clubcrm.exchange.views import batch_in_sight, blueprint, data_dir
from clubcrm.exchange.words import COLUMN_WORDS, FATES, KINDS
from clubcrm.members.states import ConsentBasis

SAMPLES = 3
SHOWN = 80


@dataclass(frozen=True)
class Heading:
    """One heading of the file on the page: what is in it, and what it is taken for."""

    place: int
    guess: Guess
    samples: tuple[str, ...]
    choice: str

    @property
    def can_be_chosen(self) -> bool:
        """Whether it can be told apart from the others."""
        return self.guess.fate not in (HeadingFate.BLANK, HeadingFate.REPEATED)


@blueprint.route("/<int:batch_id>/columns", methods=["GET", "POST"])
@requires(Permission.IMPORT)
def columns(batch_id: int) -> str | tuple[str, int] | Response:
    """Show what each column is taken for, and take what is chosen; then the file is checked."""
    batch = batch_in_sight(batch_id)
    with reading() as session:
        club = get_club(session, batch.club_id)
    kind = _asked_kind() or batch.kind
    mapping = _mapping(batch, kind)
    form = ColumnsForm(
        club=club,
        data={
            "kind": kind.value,
            "as_of_on": batch.as_of_on,
            "order": mapping.order or "",
            "calendar": mapping.calendar or "",
            "plan": mapping.constants.get("plan", ""),
            "consent": batch.consent_basis.value,
        },
    )
    names, rows, what = _look(batch, club)
    refusal = None
    if request.method == "POST" and request.form.get("kind_only"):
        # Without scripts the kind is changed by a button of its own; nothing is taken yet.
        return redirect(
            url_for("exchange.columns", batch_id=batch_id, kind=request.form.get("kind", "")), 303
        )
    if form.validate_on_submit():
        refusal = _choose(batch_id, names, form, mapping)
        if refusal is None:
            return redirect(url_for("exchange.result", batch_id=batch_id), 303)
    page = render_template(
        "exchange/columns.html",
        batch=batch,
        form=form,
        refusal=refusal,
        what=what,
        kind=kind,
        kinds=KINDS,
        headings=_headings(names, rows, kind, mapping),
        choices=[(name, COLUMN_WORDS[name]) for name in COLUMNS[kind]],
        has_tags=TAGS in COLUMNS[kind],
        tag=TAG,
        fates=FATES,
    )
    return (page, 422) if refusal or form.errors else page


def _asked_kind() -> Kind | None:
    asked = request.form.get("kind") or request.args.get("kind")
    return next((kind for kind in Kind if kind.value == asked), None)


def _mapping(batch: BatchRow, kind: Kind) -> ColumnMapping:
    """What was said so far; of another kind of file it says nothing."""
    try:
        return mapping_of(batch.mapping, kind)
    except BadMapping:
        return ColumnMapping()


def _look(batch: BatchRow, club: ClubRow) -> tuple[Sequence[str], list[Sequence[str]], str]:
    """The headings and the first rows of the file."""
    with open_table(path_of(data_dir(), batch.stored_as), club.language) as table:
        rows = [row.cells for row in islice(table.rows(), SAMPLES) if row.fault is None]
        return table.headings, rows, table.what


def _headings(
    names: Sequence[str], rows: Sequence[Sequence[str]], kind: Kind, mapping: ColumnMapping
) -> list[Heading]:
    layout = lay_out(names, kind, mapping)
    headings = []
    for place, guess in enumerate(layout.fates):
        samples = tuple(text[:SHOWN] for row in rows if (text := unguarded(row[place]).strip()))
        choice = TAG if place in layout.tags else guess.column or ""
        if request.method == "POST":
            choice = request.form.get(f"column-{place}", "")
        headings.append(Heading(place, guess, samples, choice))
    return headings


def _choose(
    batch_id: int, names: Sequence[str], form: ColumnsForm, before: ColumnMapping
) -> str | None:
    """Keep the choices and have the file checked; the words of a refusal where they make no sense."""
    kind = form.chosen_kind
    try:
        mapping = mapping_of(chosen_mapping(names, request.form, form, before), kind)
        refuse_useless(lay_out(names, kind, mapping))
        with transaction() as session:
            choose(
                session,
                batch_id,
                kind=kind,
                mapping=mapping,
                as_of_on=form.chosen_day,
                consent=ConsentBasis(form.consent.data),
                now=clock.now(),
            )
    except DomainError as refusal:
        return refusal.text()
    return None
