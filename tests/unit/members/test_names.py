"""Names in the order of their alphabet, and addresses in one form."""

import pytest

from clubcrm.members.policies import clean_email, full_name_of, sort_name_of


def test_a_name_told_in_full_stays_as_it_is() -> None:
    assert full_name_of("Ana", "Silva", "Ana Maria Silva") == "Ana Maria Silva"
    assert full_name_of("Ana", "Silva") == "Ana Silva"
    assert full_name_of("", "") == ""


def test_lists_run_by_last_name_whatever_the_accents() -> None:
    names = [("Zoe", "Abreu"), ("Ana", "Ávila"), ("Rui", "Azevedo"), ("Ann", "abreu")]
    in_order = sorted(names, key=lambda name: sort_name_of(*name))
    assert in_order == [("Ann", "abreu"), ("Zoe", "Abreu"), ("Ana", "Ávila"), ("Rui", "Azevedo")]


def test_persian_names_run_in_the_order_of_their_alphabet() -> None:
    in_order = ["آرش", "بابک", "پرویز", "تهمینه", "چنگیز", "حسن", "ژاله", "سارا", "کاوه", "گیتی"]
    assert sorted(in_order, key=lambda name: sort_name_of("", name)) == in_order
    # The letters' own numbers would give another order.
    assert sorted(in_order) != in_order


def test_arabic_and_persian_spellings_stand_together() -> None:
    assert sort_name_of("", "علي كريمي") == sort_name_of("", "علی کریمی")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ana.Silva@Example.COM ", "ana.silva@example.com"),
        ("mailto:a@b.pt", "a@b.pt"),
        ("a@b", None),
        ("a b@c.pt", None),
        ("a@b.pt, c@d.pt", None),
        ("@b.pt", None),
        ("a@@b.pt", None),
        ("a@b..pt", None),
        ("", None),
        ("x" * 250 + "@b.pt", None),
    ],
)
def test_an_address_is_kept_in_lower_case_or_not_at_all(typed: str, kept: str | None) -> None:
    assert clean_email(typed) == kept
