"""Names, e-mail addresses and telephone numbers of people who do not exist.

Telephone numbers come from the ranges that Ofcom keeps free for drama (four-digit endings of 020 7946
and of 496 in eight cities), addresses from the domains that RFC 2606 reserves.
"""

from dataclasses import dataclass

from clubcrm.simulator.dice import chance, pick, pick_weighted

FEMALE, MALE = "female", "male"

_DRAMA_RANGES = (
    "+44207946", "+44161496", "+44121496", "+44113496", "+44114496", "+44116496", "+44117496",
    "+44118496", "+44131496", "+44141496", "+44151496",
)  # fmt: skip
_DOMAINS = ("example.com", "example.org", "example.net")


@dataclass(frozen=True)
class Name:
    """A name as it is written, and in Latin letters for an e-mail address."""

    first: str
    last: str
    gender: str
    latin: str
    locale: str


@dataclass(frozen=True)
class _Tongue:
    """First and last names that go together. Written in another script: `native=latin`."""

    locale: str
    weight: float
    female: tuple[str, ...]
    male: tuple[str, ...]
    last: tuple[str, ...]
    last_female: tuple[str, ...] = ()


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_TONGUES = (
    _Tongue(
        "en",
        0.44,
        _names(
            "Amelia Olivia Grace Sophie Emily Hannah Lucy Charlotte Megan Chloe Isla Ruby Alice"
            " Phoebe Eleanor Rachel Naomi Zara Harriet Molly Beth Priya Jade Imogen"
        ),
        _names(
            "Oliver George Harry Jack Thomas James William Daniel Samuel Joseph Adam Ryan Liam"
            " Callum Ethan Marcus Aaron Toby Owen Rhys Kwame Arjun Jamal Finlay"
        ),
        _names(
            "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson"
            " Evans Walker White Roberts Green Hall Wood Harris Clarke Lewis Okafor Singh Murphy"
            " O’Brien Campbell Mitchell Begum Osei Bennett Foster"
        ),
    ),
    _Tongue(
        "pt",
        0.10,
        _names("Inês Beatriz Joana Margarida Mariana Conceição Sofia Leonor Rita Fátima"),
        _names("João Tiago Gonçalo Rui Miguel Pedro Duarte Simão André Nuno"),
        _names("Silva Santos Ferreira Pereira Gonçalves Araújo Simões Magalhães Falcão Guimarães"),
    ),
    _Tongue(
        "pl",
        0.08,
        _names("Zofia Małgorzata Agnieszka Łucja Kasia Żaneta Ewa Joanna"),
        _names("Paweł Łukasz Michał Wojciech Krzysztof Jakub Stanisław Grzegorz"),
        _names("Nowak Wójcik  Kamiński Zieliński Wiśniewski Dąbrowski Król Pawlak Mazur"),
        _names("Nowak Wójcik Kamińska Zielińska Wiśniewska Dąbrowska Król Pawlak Mazur"),
    ),
    _Tongue(
        "de",
        0.06,
        _names("Jürgen-Marie=juergenmarie Anja Birgit Käthe Sabine Ulrike"),
        _names("Jörg Günther Matthias Björn Stefan Lukas"),
        _names("Müller Schröder Weiß Köhler Groß Bäcker Jäger"),
    ),
    _Tongue(
        "fr",
        0.06,
        _names("Chloé Zoé Hélène Maëlle Élodie Anaïs"),
        _names("François Loïc Benoît Jérôme Théo Étienne"),
        _names("Lefèvre Dubois Moreau Géraud Renault Garçon"),
    ),
    _Tongue(
        "fa",
        0.10,
        (
            "مریم=maryam", "زهرا=zahra", "نرگس=narges", "شیرین=shirin", "پریسا=parisa",
            "فاطمه=fatemeh", "لیلا=leila", "مهسا=mahsa",
        ),
        (
            "علی‌رضا=alireza", "محمد=mohammad", "کیوان=keyvan", "رضا=reza", "بهرام=bahram",
            "سینا=sina", "آرش=arash", "یوسف=yousef",
        ),
        (
            "کریمی=karimi", "حسینی=hosseini", "رضایی=rezaei", "موسوی=mousavi", "جعفری=jafari",
            "یزدانی=yazdani", "کاظمی=kazemi", "گلستانی=golestani", "چراغی=cheraghi",
        ),
    ),
    _Tongue(
        "ar",
        0.08,
        ("ليلى=layla", "عائشة=aisha", "نور=nour", "هدى=huda", "سارة=sara", "ياسمين=yasmin"),
        ("أحمد=ahmad", "عمر=omar", "خالد=khaled", "يوسف=yusuf", "كريم=karim", "طارق=tariq"),
        (
            "الخطيب=alkhatib", "منصور=mansour", "حداد=haddad", "النجار=alnajjar", "يعقوب=yaqoub",
            "السيد=alsayed",
        ),
    ),
    _Tongue(
        "ru",
        0.08,
        (
            "Анна=anna", "Ольга=olga", "Екатерина=ekaterina", "Наталья=natalya", "Юлия=yulia",
            "Светлана=svetlana",
        ),
        (
            "Дмитрий=dmitry", "Сергей=sergey", "Алексей=alexey", "Фёдор=fyodor", "Игорь=igor",
            "Пётр=pyotr",
        ),
        ("Иванов=ivanov", "Смирнов=smirnov", "Кузнецов=kuznetsov", "Соловьёв=solovyov",
         "Шевченко=shevchenko", "Зайцев=zaitsev"),
        ("Иванова=ivanova", "Смирнова=smirnova", "Кузнецова=kuznetsova", "Соловьёва=solovyova",
         "Шевченко=shevchenko", "Зайцева=zaitseva"),
    ),
)  # fmt: skip

_PLAIN = str.maketrans({"ł": "l", "Ł": "L", "ß": "ss"})


def name_of(seed: int, no: int) -> Name:
    """The name of the person who joins as the `no`-th."""
    tongue = pick_weighted([(one, one.weight) for one in _TONGUES], seed, no, "tongue")
    gender = FEMALE if chance(seed, no, "gender") < 0.54 else MALE
    lasts = tongue.last_female if gender == FEMALE and tongue.last_female else tongue.last
    first, latin_first = _both(pick(getattr(tongue, gender), seed, no, "first"))
    last, latin_last = _both(pick(lasts, seed, no, "last"))
    return Name(first, last, gender, f"{latin_first}.{latin_last}", tongue.locale)


def email_of(name: Name, no: int) -> str:
    """An address that reaches nobody; the number keeps two of one name apart."""
    return f"{name.latin}{no}@{_DOMAINS[no % len(_DOMAINS)]}"


def phone_of(no: int) -> str | None:
    """A number that rings nowhere, one for each of the first 11,000 people; then none is left."""
    block, ending = divmod(no, 1000)
    if block >= len(_DRAMA_RANGES):
        return None
    # Neighbours in the list do not get neighbouring numbers.
    return f"{_DRAMA_RANGES[block]}0{(ending * 617 + 89) % 1000:03d}"


def _both(word: str) -> tuple[str, str]:
    native, _, latin = word.partition("=")
    plain = latin or native.translate(_PLAIN)
    return native, "".join(
        letter for letter in plain.lower() if letter.isascii() and letter.isalpha()
    )
