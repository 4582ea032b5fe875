"""What the other club does changes no byte of an answer at the own one, figures included."""

from flask import Flask

from clubcrm.accounts.states import Role
from tests.web.permissions.checks import Matrix, Scope
from tests.web.permissions.examples import PROBES
from tests.web.permissions.life import live_at
from tests.web.permissions.table import NOTHING, read
from tests.web.permissions.visitors import Visitors
from tests.web.permissions.watch import watching
from tests.web.permissions.world import HERE, MARK, World, open_both
from tests.web.places import Place


def test_a_figure_counts_nobody_of_the_other_club(app: Flask) -> None:
    chain, here, there = open_both(app)
    world = World(app, live_at(app, chain, here, HERE), Place(there, {}), {}, ())
    with watching() as watch:
        visitors = Visitors(world, watch)
        before = _answers(visitors)
        live_at(app, chain, there, MARK)
        after = _answers(visitors)
    assert len(before) > 60
    assert [address for address in before if before[address] != after[address]] == []


def _answers(visitors: Visitors) -> dict[str, str]:
    """What the owner reads in every list and figure of the own club."""
    matrix = Matrix(read(), visitors)
    visitor = visitors.of_role[Role.OWNER]
    found = {
        line.route: matrix.ask(visitor, line, Scope.OWN).bare()
        for line in matrix.table.lines.values()
        if line.method == "GET" and line.other == NOTHING
    }
    for probe in PROBES:
        if "other_" not in probe:
            found[probe] = visitor.ask("GET", matrix.sight.asked(probe)).bare()
    return found
