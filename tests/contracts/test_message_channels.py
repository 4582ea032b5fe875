"""What every channel promises: one attempt, no exception, and a true word about what came of it."""

import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from clubcrm.messaging.channels import Delivery, Fate, Mail, MessageChannel
from clubcrm.messaging.channels.fake import FakeChannel
from clubcrm.messaging.channels.smtp import SmtpChannel, written
from tests.post_office import PostOffice, post_office
from tests.servers import free_port

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)

FATES = {
    "ana": Fate.TAKEN,
    "nobody": Fate.REFUSED,
    "policy": Fate.REJECTED,
    "later": Fate.NOT_NOW,
    "away": Fate.NOT_NOW,
    "hang": Fate.NOT_NOW,
    "spam": Fate.REJECTED,
    "busy": Fate.NOT_NOW,
    "drop": Fate.UNKNOWN,
    "lost": Fate.UNKNOWN,
    "mute": Fate.UNKNOWN,
}


def mail_to(address: str, **changes: Any) -> Mail:
    values: dict[str, Any] = {
        "key": f"<message-1.{address.partition('@')[0]}@club.example>",
        "to_address": address,
        "to_name": "Ana Pereira",
        "from_address": "hello@club.example",
        "from_name": "Aurora Fitness",
        "reply_to": "desk@club.example",
        "subject": "Good to see you",
        "body": "Hello Ana,\n\n.a line with a dot first\nhttps://club.example/book.\n<b>no markup</b>\n",
        "language": "en",
        "at": AT,
    }
    return Mail(**{**values, **changes})


def fake() -> FakeChannel:
    fates = {f"{kind}@example.com": fate for kind, fate in FATES.items()}
    return FakeChannel(lambda mail: Delivery(fates[mail.to_address]))


@pytest.fixture
def office() -> Iterator[tuple[PostOffice, str]]:
    with post_office(PostOffice(silence=2.0)) as found:
        yield found


@pytest.fixture(params=["fake", "smtp"])
def channel(request: pytest.FixtureRequest) -> MessageChannel:
    if request.param == "fake":
        return fake()
    _office, url = request.getfixturevalue("office")
    return SmtpChannel(url, timeout=0.6)


@pytest.mark.parametrize("kind", FATES)
def test_a_channel_says_what_came_of_it(channel: MessageChannel, kind: str) -> None:
    assert channel.send(mail_to(f"{kind}@example.com")).fate is FATES[kind]


def test_what_was_taken_is_taken_once(office: tuple[PostOffice, str]) -> None:
    there, url = office
    for kind in FATES:
        SmtpChannel(url, timeout=0.6).send(mail_to(f"{kind}@example.com"))
    got = {address.partition("@")[0] for address in there.addresses.values()}
    assert got == {"ana", "drop", "mute"}
    assert set(there.taken.values()) == {1}


def test_a_server_that_is_away_has_taken_nothing() -> None:
    delivery = SmtpChannel(f"smtp://127.0.0.1:{free_port()}").send(mail_to("ana@example.com"))
    assert delivery == Delivery(Fate.NOT_NOW, "no_connection")
    assert delivery.is_away


@pytest.mark.parametrize("kind", ["later", "away", "hang"])
def test_a_server_that_minds_one_address_is_not_away(
    office: tuple[PostOffice, str], kind: str
) -> None:
    delivery = SmtpChannel(office[1], timeout=0.6).send(mail_to(f"{kind}@example.com"))
    assert not delivery.is_away


def test_what_a_server_says_of_people_is_not_kept(office: tuple[PostOffice, str]) -> None:
    delivery = SmtpChannel(office[1]).send(mail_to("nobody@example.com"))
    assert delivery == Delivery(Fate.REFUSED, "address_refused", "550 5.1.1")


@pytest.mark.parametrize(
    "address", ["", "ana", "ana@example.com\r\nBcc: all@example.com", "ánà@example.com", "a b@c.de"]
)
def test_what_is_no_address_goes_nowhere(office: tuple[PostOffice, str], address: str) -> None:
    there, url = office
    assert SmtpChannel(url).send(mail_to(address)) == Delivery(Fate.REJECTED, "bad_address")
    assert not there.asked


def test_a_mail_arrives_as_it_was_written(office: tuple[PostOffice, str]) -> None:
    there, url = office
    told = mail_to(
        "ana@example.com",
        unsubscribe_url="https://club.example/unsubscribe/x",
        unsubscribe_words="No more?",
    )
    assert SmtpChannel(url).send(told).fate is Fate.TAKEN
    (mail,) = there.mails.values()
    assert mail["Message-ID"] == told.key
    assert mail["From"] == "Aurora Fitness <hello@club.example>"
    assert mail["Reply-To"] == "desk@club.example"
    assert mail["List-Unsubscribe"] == "<https://club.example/unsubscribe/x>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    parts = {part.get_content_type(): part for part in mail.walk()}
    text = parts["text/plain"].get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "\r\n.a line with a dot first\r\n" in text.decode()
    assert "https://club.example/unsubscribe/x" in text.decode()
    html = parts["text/html"].get_payload(decode=True)
    assert isinstance(html, bytes)
    assert '<a href="https://club.example/book">' in html.decode()
    assert "&lt;b&gt;no markup" in html.decode()


@pytest.mark.parametrize(
    ("language", "direction"), [("fa", "rtl"), ("ar_EG", "rtl"), ("ru", "ltr")]
)
def test_a_mail_is_written_in_the_direction_of_its_language(language: str, direction: str) -> None:
    content = written(
        mail_to("ana@example.com", language=language, body="سلام آنا\nخوش آمدید", subject="سلام")
    )
    mail = message_from_bytes(content, policy=policy.default)
    assert content.isascii(), "not every server takes eight bits"
    assert mail["Content-Language"] == language.replace("_", "-")
    assert mail["Subject"] == "سلام"
    assert "List-Unsubscribe" not in mail
    html = mail.get_body(("html",))
    text = mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert f'dir="{direction}"' in html.get_content()
    assert "سلام آنا" in text.get_content()


def test_a_heading_cannot_be_smuggled_in(office: tuple[PostOffice, str]) -> None:
    there, url = office
    for changes in ({"subject": "Hi\r\nBcc: all@example.com"}, {"to_name": "A\nBcc: b@c.de"}):
        SmtpChannel(url).send(mail_to("ana@example.com", **changes))
    assert all("Bcc" not in mail for mail in there.mails.values())


def _let_in(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"club", b"p@ss:word"), handled=False)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(
    ("user", "fate"),
    [
        ("club:p%40ss%3Aword@", Fate.TAKEN),
        ("club:wrong@", Fate.NOT_NOW),
        ("", Fate.REJECTED),
    ],
)
def test_a_server_that_asks_who_we_are(user: str, fate: Fate) -> None:
    asking: dict[str, Any] = {
        "authenticator": _let_in,
        "auth_required": True,
        "auth_require_tls": False,
    }
    with post_office(**asking) as (there, url):
        delivery = SmtpChannel(url.replace("://", f"://{user}")).send(mail_to("ana@example.com"))
    assert delivery.fate is fate
    assert len(there.mails) == int(fate is Fate.TAKEN)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for `localhost` that nobody signed but its owner."""
    place = tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        [
            *(*command.split(), "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(place.with_suffix(".key")), "-out", str(place)),
        ],
        check=True,
        capture_output=True,
    )
    return place


def _keeping(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    return context


def test_a_certificate_nobody_trusts_is_not_written_to(certificate: Path) -> None:
    with post_office(tls_context=_keeping(certificate)) as (there, url):
        delivery = SmtpChannel(url).send(mail_to("ana@example.com"))
    assert delivery == Delivery(Fate.NOT_NOW, "certificate")
    assert not there.mails


def test_a_connection_is_encrypted_where_the_server_offers_it(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with post_office(tls_context=_keeping(certificate), require_starttls=True) as (there, url):
        channel = SmtpChannel(url.replace("127.0.0.1", "localhost"))
        assert channel.send(mail_to("ana@example.com")).fate is Fate.TAKEN
    assert len(there.mails) == 1
