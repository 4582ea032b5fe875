"""The columns of a file: guessed, shown with samples, chosen by whoever knows better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from flask import abort, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from clubcrm.accounts.access import requires
from clubcrm.accounts.queries import ClubRow, get_club
from clubcrm.accounts.states import Permission
from clubcrm.core import clock
from clubcrm.core.errors import DomainError, Words
from clubcrm.core.transactions import reading, transaction
from clubcrm.exchange.errors import BadMapping
from clubcrm.exchange.forms import (
    NOTHING,
    TAG,
    ColumnsForm,
    chosen_mapping,
    tag_of,
    told_meanings,
)
from clubcrm.exchange.operations.batches import choose
from clubcrm.exchange.operations.files import refuse_useless
from clubcrm.exchange.policies.columns import COLUMNS
from clubcrm.exchange.policies.guarding import unguarded
from clubcrm.exchange.policies.headings import Guess
from clubcrm.exchange.policies.mapping import TAGS, ColumnMapping, lay_out, mapping_of
from clubcrm.exchange.policies.meanings import CellTally, Said, meaning_of, takes_meanings
from clubcrm.exchange.queries import BatchRow
from clubcrm.exchange.readers import open_table
from clubcrm.exchange.states import HeadingFate, Kind
from clubcrm.exchange.uploads import path_of
from clubcrm.exchange.views import batch_in_sight, blueprint, data_dir
from clubcrm.exchange.words import COLUMN_WORDS, FATES, KINDS, MEANING_WORDS
from clubcrm.members.states import ConsentBasis

SAMPLES = 3
SHOWN = 80
LOOKED_AT = 50_000
"""Rows among which different cells are looked for; what stands further down the check will say."""
MOST_LISTED = 30
"""Different cells of a column that are listed, for somebody to say what they mean."""


@dataclass(frozen=True)
class Look:
    """A file as the page shows it: its headings, its first rows, and what each column says."""

    names: Sequence[str]
    rows: Sequence[Sequence[str]]
    tally: CellTally
    what: str


@dataclass(frozen=True)
class Meaning:
    """One thing the cells of a column say, and what was chosen that it means; "" = as it is."""

    said: Said
    choice: str


@dataclass(frozen=True)
class Heading:
    """One heading of the file on the page: what is in it, and what it is taken for.

    `meanings` are what its cells say, where one can say what they mean; `words` the few things each
    can mean, none where it is a name; `more` counts the cells that are not listed.
    """

    place: int
    guess: Guess
    samples: tuple[str, ...]
    choice: str
    tag: str
    meanings: tuple[Meaning, ...]
    words: Mapping[str, Words]
    more: int
    is_yes_or_no: bool

    @property
    def unread(self) -> int:
        """How many of the listed cells mean nothing yet."""
        if not self.words:
            return 0
        return sum(one.said.read is None and not one.choice for one in self.meanings)

    @property
    def is_open(self) -> bool:
        """Whether what the cells mean is shown at once: where it is not plain."""
        are_figures = all(not any(map(str.isalpha, one.said.text)) for one in self.meanings)
        are_told = any(one.choice for one in self.meanings)
        return bool(self.unread) or are_told or (not self.words and are_figures)

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
            "currency": mapping.constants.get("currency", ""),
            "consent": batch.consent_basis.value,
        },
    )
    look = _look(batch, club)
    refusal = None
    if request.method == "POST" and request.form.get("kind_only"):
        # Without scripts the kind is changed by a button of its own; nothing is taken yet.
        return redirect(
            url_for("exchange.columns", batch_id=batch_id, kind=request.form.get("kind", "")), 303
        )
    if form.validate_on_submit():
        refusal = _choose(batch_id, look.names, form, mapping)
        if refusal is None:
            return redirect(url_for("exchange.result", batch_id=batch_id), 303)
    page = render_template(
        "exchange/columns.html",
        batch=batch,
        form=form,
        refusal=refusal,
        what=look.what,
        kind=kind,
        kinds=KINDS,
        headings=_headings(look, kind, mapping, _choices(look, kind, mapping)),
        choices=[(name, COLUMN_WORDS[name]) for name in COLUMNS[kind]],
        column_words=COLUMN_WORDS,
        has_tags=TAGS in COLUMNS[kind],
        has_currency="currency" in COLUMNS[kind],
        tag=TAG,
        nothing=NOTHING,
        fates=FATES,
    )
    return (page, 422) if refusal or form.errors else page


@blueprint.get("/<int:batch_id>/columns/<int:place>")
@requires(Permission.IMPORT)
def meanings(batch_id: int, place: int) -> str:
    """What the cells of one column say, once it was chosen what the column is."""
    batch = batch_in_sight(batch_id)
    with reading() as session:
        club = get_club(session, batch.club_id)
    kind = _asked_kind() or batch.kind
    look = _look(batch, club)
    if place >= len(look.names):
        abort(404)
    choices = {place: request.args.get(f"column-{place}", "")}
    one = _headings(look, kind, _mapping(batch, kind), choices)[place]
    return render_template(
        "exchange/meanings.html",
        one=one,
        tag=TAG,
        nothing=NOTHING,
        fates=FATES,
        column_words=COLUMN_WORDS,
    )


def _asked_kind() -> Kind | None:
    asked = request.form.get("kind") or request.args.get("kind")
    return next((kind for kind in Kind if kind.value == asked), None)


def _mapping(batch: BatchRow, kind: Kind) -> ColumnMapping:
    """What was said so far; of another kind of file it says nothing."""
    try:
        return mapping_of(batch.mapping, kind)
    except BadMapping:
        return ColumnMapping()


def _look(batch: BatchRow, club: ClubRow) -> Look:
    """The headings, the first rows, and what the columns say."""
    with open_table(path_of(data_dir(), batch.stored_as), club.language) as table:
        tally = CellTally(len(table.headings))
        first: list[Sequence[str]] = []
        for row in islice(table.rows(), LOOKED_AT):
            if row.fault is not None:
                continue
            tally.add(row.cells)
            if len(first) < SAMPLES:
                first.append(row.cells)
        return Look(table.headings, first, tally, table.what)


def _choices(look: Look, kind: Kind, mapping: ColumnMapping) -> dict[int, str]:
    """What each column is chosen as: on the page where somebody chose there, else as guessed."""
    if request.method == "POST":
        return {at: request.form.get(f"column-{at}", "") for at in range(len(look.names))}
    layout = lay_out(look.names, kind, mapping)
    return {
        at: TAG if at in layout.tags else guess.column or ""
        for at, guess in enumerate(layout.fates)
    }


def _headings(
    look: Look, kind: Kind, mapping: ColumnMapping, choices: Mapping[int, str]
) -> list[Heading]:
    layout = lay_out(look.names, kind, mapping)
    return [
        _heading(look, kind, mapping, place, guess, choices.get(place, ""))
        for place, guess in enumerate(layout.fates)
    ]


def _heading(
    look: Look, kind: Kind, mapping: ColumnMapping, place: int, guess: Guess, choice: str
) -> Heading:
    column = COLUMNS[kind].get(choice)
    said = look.tally.said(place, column) if column and takes_meanings(column) else []
    before = mapping.values.get(choice, {})
    told = {
        key: (meaning_of(column, text) if column and text else NOTHING)
        for key, text in before.items()
    } | told_meanings(request.form, place)
    return Heading(
        place=place,
        guess=guess,
        samples=tuple(text[:SHOWN] for row in look.rows if (text := unguarded(row[place]).strip())),
        choice=choice,
        tag=request.form.get(f"tag-{place}") or tag_of(guess.heading, mapping),
        meanings=tuple(Meaning(one, told.get(one.key, "")) for one in said[:MOST_LISTED]),
        words=MEANING_WORDS.get(column.form, {}) if column else {},
        more=max(0, len(said) - MOST_LISTED),
        is_yes_or_no=TAGS in COLUMNS[kind] and look.tally.is_yes_or_no(place),
    )


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
