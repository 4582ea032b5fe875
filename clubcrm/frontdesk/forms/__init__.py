"""What staff enter on the screens: parsed and checked for shape; the rules are the operations'."""

from typing import Any

from clubcrm.core.errors import DomainError, Invalid


def put_refusal(form: Any, refusal: DomainError) -> str | None:
    """Write a refusal onto the form: its sentences to their fields; returns what no field takes."""
    if not isinstance(refusal, Invalid) or not refusal.fields:
        return refusal.text()
    unplaced = []
    for name, sentences in refusal.field_texts().items():
        field = getattr(form, name, None)
        if field is None or name not in form:
            unplaced += sentences
        else:
            field.errors = [*field.errors, *sentences]
    return " ".join(unplaced) or None
