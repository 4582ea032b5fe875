"""The form of the entry matrix: what each fact does at each kind of entrance."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from clubcrm.core.errors import Words
from clubcrm.core.fields import ChoiceField, choices_of
from clubcrm.visits.policies import DEFAULT_MATRIX, EntryRules
from clubcrm.visits.states import Effect, Fact, PointKind

FACTS: Final[Mapping[Fact, Words]] = {
    Fact.NO_MEMBERSHIP: _l("Never had a membership"),
    Fact.EXPIRED: _l("The membership is over"),
    Fact.NOT_STARTED: _l("The membership begins later"),
    Fact.FROZEN: _l("The membership is frozen"),
    Fact.NO_VISITS_LEFT: _l("No visits are left"),
    Fact.WRONG_HOURS: _l("Outside the hours of the plan"),
    Fact.WRONG_CLUB: _l("Member of another club"),
    Fact.CLUB_CLOSED: _l("The club is closed"),
    Fact.DEBT: _l("Owes money past the days of grace"),
    Fact.ENDS_SOON: _l("The membership ends soon"),
    Fact.FEW_VISITS_LEFT: _l("Few visits are left"),
    Fact.FIRST_VISIT: _l("Is here for the first time"),
    Fact.BIRTHDAY: _l("Has a birthday"),
}
"""The rows. Who is not admitted at all stays out whatever stands here."""

OF_NO_PLAN: Final = frozenset({Fact.NO_MEMBERSHIP, Fact.WRONG_CLUB, Fact.CLUB_CLOSED})
"""Facts in which no plan has a say."""

POINTS: Final[Mapping[PointKind, Words]] = {
    PointKind.DESK: _l("At the desk"),
    PointKind.KIOSK: _l("At the kiosk"),
    PointKind.DOOR: _l("At the turnstile"),
}
EFFECTS: Final[Mapping[Effect, Words]] = {
    Effect.BLOCK: _l("stops"),
    Effect.MESSAGE: _l("shows a message"),
    Effect.NOTHING: _l("nothing"),
}


class MatrixForm(FlaskForm):
    """One choice a cell, for all plans or for one: there, empty is as for all."""

    plan_id: int | None = None

    @classmethod
    def of(cls, rules: EntryRules, plan_id: int | None) -> "MatrixForm":
        """The form with the rules as they stand."""
        facts = [fact for fact in FACTS if plan_id is None or fact not in OF_NO_PLAN]
        cells = {(fact, point): name_of(fact, point) for fact in facts for point in POINTS}
        fields = {
            name: ChoiceField(_("%(fact)s, %(place)s", fact=FACTS[fact], place=POINTS[point]))
            for (fact, point), name in cells.items()
        }
        own = rules.by_plan.get(plan_id, {}) if plan_id is not None else rules.matrix
        data = {name: own.get(fact, {}).get(point, "") for (fact, point), name in cells.items()}
        form: MatrixForm = type("Cells", (cls,), dict(fields))(data=data)
        form.plan_id = plan_id
        for (fact, point), name in cells.items():
            form[name].choices = _choices(rules, fact, point, plan_id)
        return form

    def rows(self) -> Iterator[tuple[Words, list[Any]]]:
        """The rows of the table: the words of a fact, and its cells."""
        for fact, words in FACTS.items():
            if name_of(fact, PointKind.DESK) in self:
                yield words, [self[name_of(fact, point)] for point in POINTS]

    def entry(self, standing: Mapping[str, Any]) -> dict[str, Any]:
        """The rules as they shall stand in the settings; what this form does not know is kept."""
        chosen: dict[str, dict[str, str]] = {}
        for fact in FACTS:
            for point in POINTS:
                name = name_of(fact, point)
                word = self[name].data if name in self else ""
                if word and (self.plan_id is not None or word != DEFAULT_MATRIX[fact][point]):
                    chosen.setdefault(fact.value, {})[point.value] = str(word)
        if self.plan_id is None:
            entry = {**standing, "matrix": chosen}
        else:
            plans = {**(standing.get("plans") or {}), str(self.plan_id): chosen}
            entry = {**standing, "plans": {plan: cells for plan, cells in plans.items() if cells}}
        return {name: value for name, value in entry.items() if value != {}}


def name_of(fact: Fact, point: PointKind) -> str:
    """The name of a cell."""
    return f"{fact.value}_at_{point.value}"


def _choices(rules: EntryRules, fact: Fact, point: PointKind, plan_id: int | None) -> list[Any]:
    if plan_id is None:
        return choices_of(EFFECTS.items())
    usual = EFFECTS[rules.effect(fact, point)]
    return choices_of(EFFECTS.items(), empty=_("as for all: %(effect)s", effect=usual))
