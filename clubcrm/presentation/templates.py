"""Templates in the reader's language: what a page says the same way to every reader of it is written once.

For each language a template is compiled of its own. Its words are put in while it is compiled, and so are
icons, addresses that hold nothing of a page's data, and the direction of its lines. What is left to do for
a page is what differs from page to page. Functions that are asked often are called without detour.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from flask import has_request_context, request
from flask.sansio.app import App
from flask.templating import Environment
from flask_babel import get_locale, get_translations
from jinja2 import Template, nodes, pass_context
from jinja2.compiler import CodeGenerator, Frame, has_safe_repr
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from clubcrm.presentation.addresses import Addresses
from clubcrm.presentation.reader import begin_page

_PLACE: Final = re.compile(r"%\((\w+)\)s")
_WRITTEN: Final = "written:"
"""Before the name of a function whose answer is put in while a template is compiled."""
_ASKED: Final = "asked:"
"""Before the name of one that is asked for every page."""


class Coder(CodeGenerator):
    """Compiles a template once what its language knows already is put in."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802
        """Compile the whole template."""
        templates = self.environment
        is_markup = nodes.EvalContext(templates, self.name).autoescape
        if is_markup and isinstance(templates, Templates) and templates.translations is not None:
            node = _PutIn(templates, node).visit(node)
        super().visit_Template(node, frame)


class Templates(Environment):
    """The templates; `in_language` keeps those of each language."""

    code_generator_class = Coder
    translations: Any = None

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, **options)
        self.in_language: dict[str, Templates] = {}
        self.same_for_all: dict[str, Callable[..., Any]] = {}
        self.asked: dict[str, Callable[..., Any]] = {}
        self.of_language: dict[str, Callable[[], Callable[..., Any]]] = {}

    def put_in(
        self,
        same_for_all: Mapping[str, Callable[..., Any]],
        asked: Mapping[str, Callable[..., Any]],
        of_language: Mapping[str, Callable[[], Callable[..., Any]]],
    ) -> None:
        """Name what answers all readers of a language alike, and what is asked for every page.

        What `of_language` names is made once for each language, while somebody reads in it.
        """
        self.same_for_all, self.asked = dict(same_for_all), dict(asked)
        self.of_language = dict(of_language)

    def get_or_select_template(self, *args: Any, **kw: Any) -> Template:
        """A template for a page, in the language of whoever reads it."""
        return super(Templates, self._of_reader()).get_or_select_template(*args, **kw)

    def _of_reader(self) -> "Templates":
        if self.translations is not None or not has_request_context():
            return self  # a page that is written already brings another template in
        begin_page()
        # While somebody works at templates and files they change; and behind a proxy something may
        # stand before all addresses, of this request at least.
        if self.auto_reload or request.script_root:
            return self
        code = str(get_locale())
        found = self.in_language.get(code)
        if found is None:
            found = self.in_language[code] = self._made()
        return found

    def _made(self) -> "Templates":
        made = self.overlay()
        made.translations = translations = get_translations()

        def ngettext(one: str, many: str, count: float, /, **values: Any) -> Markup:
            values.setdefault("num", count)
            return Markup(translations.ungettext(one, many, count)) % values  # noqa: S704

        asked = self.asked | {name: make() for name, make in self.of_language.items()}
        asked |= {"url_for": Addresses(self.app).url_for, "ngettext": ngettext}
        made.filters = self.filters | {
            **{_WRITTEN + name: function for name, function in self.same_for_all.items()},
            **{_ASKED + name: _anew(function) for name, function in asked.items()},
        }
        return made


def _anew(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as one whose answer must not be kept in the template."""

    @pass_context
    def asked(_context: Context, /, *args: Any, **kw: Any) -> Any:
        return function(*args, **kw)

    return asked


class _PutIn(NodeTransformer):
    """Puts into a template what its language knows, and shortens the calls that are left.

    A name that the template gives to something of its own is left alone.
    """

    def __init__(self, environment: Templates, template: nodes.Template) -> None:
        self.environment = environment
        self.own = set(_own_names(template))

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        return self._within(node, {argument.name for argument in node.args})

    def visit_CallBlock(self, node: nodes.CallBlock) -> nodes.Node:  # noqa: N802
        return self._within(node, {argument.name for argument in node.args})

    def _within(self, node: nodes.Node, names: set[str]) -> nodes.Node:
        before, self.own = self.own, self.own | names
        self.generic_visit(node)
        self.own = before
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802
        """Words with places in them become the parts between the places."""
        self.generic_visit(node)
        node.nodes = [part for child in node.nodes for part in _parts(child)]
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if name in self.own or node.dyn_args is not None or node.dyn_kwargs is not None:
            return node
        if name == "_":
            return self._words(node)
        filters = self.environment.filters
        if _WRITTEN + name in filters and _is_constant(node):
            return self._written(node, filters[_WRITTEN + name])
        if _ASKED + name in filters and node.args:
            first, *args = node.args
            return nodes.Filter(
                first, _ASKED + name, args, node.kwargs, None, None, lineno=node.lineno
            )
        return node

    def _words(self, node: nodes.Call) -> nodes.Node:
        [told] = node.args
        if not isinstance(told, nodes.Const):
            return node
        words = Markup(self.environment.translations.ugettext(told.value))  # noqa: S704
        if not node.kwargs:
            return nodes.Const(words % {}, lineno=node.lineno)
        values = [nodes.Pair(nodes.Const(keyword.key), keyword.value) for keyword in node.kwargs]
        return nodes.Mod(
            nodes.Const(words), nodes.Dict(values, lineno=node.lineno), lineno=node.lineno
        )

    def _written(self, node: nodes.Call, function: Callable[..., Any]) -> nodes.Node:
        args = [argument.as_const() for argument in node.args]
        answer = function(*args, **{one.key: one.value.as_const() for one in node.kwargs})
        return nodes.Const(answer, lineno=node.lineno) if has_safe_repr(answer) else node


def _own_names(template: nodes.Template) -> Iterator[str]:
    """What a template names itself, but for the arguments of its macros."""
    for name in template.find_all(nodes.Name):
        if name.ctx == "store":
            yield name.name
    for macro in template.find_all(nodes.Macro):
        yield macro.name
    for brought in template.find_all(nodes.FromImport):
        yield from (one if isinstance(one, str) else one[1] for one in brought.names)
    for whole in template.find_all(nodes.Import):
        yield whole.target


def _is_constant(node: nodes.Call) -> bool:
    """Whether a call says the same on every page; an address with a site of its own does not."""
    return all(isinstance(argument, nodes.Const) for argument in node.args) and all(
        isinstance(one.value, nodes.Const) and not one.key.startswith("_") for one in node.kwargs
    )


def _parts(node: nodes.Expr) -> list[nodes.Expr]:
    """Words with places as the words between and what stands in the places, each place once."""
    if not (
        isinstance(node, nodes.Mod)
        and isinstance(node.left, nodes.Const)
        and isinstance(node.left.value, Markup)
        and isinstance(node.right, nodes.Dict)
    ):
        return [node]
    values = {pair.key.as_const(): pair.value for pair in node.right.items}
    words = _PLACE.split(str(node.left.value))
    places = words[1::2]
    is_plain = not any("%" in text.replace("%%", "") for text in words[::2])
    if not is_plain or sorted(places) != sorted(values):
        return [node]
    found: list[nodes.Expr] = []
    for number, text in enumerate(words):
        if number % 2:
            found.append(values[text])
        elif text:
            found.append(nodes.Const(Markup(text.replace("%%", "%"))))  # noqa: S704
    return found
