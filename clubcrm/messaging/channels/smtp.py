"""Mail by SMTP, with the standard library: it can tell before the message was under way from after.

Until the server said 354 nothing was handed over, whatever goes wrong: refused, or another time. From
then on only the server's own answer tells; where it is lost nobody knows.
"""

import contextlib
import re
import smtplib
import ssl
import time
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Final
from urllib.parse import unquote, urlsplit

from markupsafe import Markup, escape

from clubcrm.core.failpoints import fp
from clubcrm.messaging.channels.port import Delivery, Fate, Mail

WIRE: Final = SMTP.clone(cte_type="7bit")
"""Letters of any script travel as plain ASCII: a server need not take eight bits, and we do not ask."""

TIMEOUT: Final = 30.0
"""Seconds in which the server must answer each time."""

LONGEST: Final = 60.0
"""Seconds after which a mail is not begun any more: a claim must not outlive its sender's patience."""

RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ps", "ur", "qps"})
ENHANCED: Final = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})")
ADDRESS: Final = re.compile(r"https?://[^\s<>\"]+")
AT_FAULT: Final = re.compile(r"5\.[12]\.")
"""Enhanced codes that speak of the address or its mailbox, not of us (RFC 3463)."""


class SmtpChannel:
    """Hands mails to one server, a connection each."""

    is_real = True

    def __init__(self, url: str, *, timeout: float = TIMEOUT) -> None:
        parts = urlsplit(url)
        self._is_tls = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or (465 if self._is_tls else 25)
        self._user = unquote(parts.username) if parts.username else ""
        self._password = unquote(parts.password) if parts.password else ""
        self._timeout = timeout

    def send(self, mail: Mail) -> Delivery:
        """Hand one mail over."""
        try:
            content = written(mail)
        except (ValueError, UnicodeError, IndexError):
            return Delivery(Fate.REJECTED, "bad_address")
        server: smtplib.SMTP | None = None
        started = time.monotonic()
        try:
            server = self._connected(mail)
            refused = _announced(server, mail)
            if refused is not None:
                return refused
            if time.monotonic() - started > LONGEST:
                return Delivery(Fate.NOT_NOW, "no_answer")
        except smtplib.SMTPAuthenticationError as error:
            return Delivery(Fate.NOT_NOW, "not_signed_in", _status(error.smtp_code, b""))
        except smtplib.SMTPResponseException as error:
            return Delivery(Fate.NOT_NOW, "server_refuses", _status(error.smtp_code, b""))
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            return Delivery(Fate.NOT_NOW, _why_away(error), is_away=server is None)
        else:
            return _handed_over(server, content)
        finally:
            if server is not None:
                server.close()

    def _connected(self, mail: Mail) -> smtplib.SMTP:
        """A connection, encrypted where the server offers that, signed in where we have a name."""
        name = mail.from_address.rpartition("@")[2] or "localhost"
        context = ssl.create_default_context()
        if self._is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, name, timeout=self._timeout, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, name, timeout=self._timeout)
        try:
            server.ehlo_or_helo_if_needed()
            if not self._is_tls and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def _announced(server: smtplib.SMTP, mail: Mail) -> Delivery | None:
    """Say from whom, to whom, and that the message follows; an answer where the server does not want it."""
    code, words = server.mail(mail.from_address)
    if code != 250:
        return _not_taken("sender_refused", code, words)
    code, words = server.rcpt(mail.to_address)
    if code not in (250, 251):
        status = _status(code, words)
        if 500 <= code < 600:
            enhanced = status.partition(" ")[2]
            if not enhanced or AT_FAULT.match(enhanced):
                return Delivery(Fate.REFUSED, "address_refused", status)
        return _not_taken("server_refuses", code, words)
    code, words = server.docmd("DATA")
    return None if code == 354 else _not_taken("server_refuses", code, words)


def _why_away(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate"
    return "no_answer" if isinstance(error, TimeoutError) else "no_connection"


def _not_taken(why: str, code: int, words: bytes) -> Delivery:
    """Certainly not taken: for good, or for now."""
    is_final = 500 <= code < 600
    return Delivery(Fate.REJECTED if is_final else Fate.NOT_NOW, why, _status(code, words))


def _handed_over(server: smtplib.SMTP, content: bytes) -> Delivery:
    """Send the message itself; from here on silence means that nobody knows."""
    try:
        fp("message.in_data")
        server.send(content + b".\r\n")
        code, words = server.getreply()
    except (OSError, smtplib.SMTPException):
        return Delivery(Fate.UNKNOWN, "answer_lost")
    if 200 <= code < 300:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.putcmd("QUIT")  # without waiting: the mail is taken, whatever follows
        return Delivery(Fate.TAKEN, status=_status(code, words))
    if 400 <= code < 600:
        # The server's own word that it did not take it: no doubt is left.
        return _not_taken("content_refused", code, words)
    return Delivery(Fate.UNKNOWN, "answer_lost", _status(code, b""))


def _status(code: int, words: bytes) -> str:
    """The figures of an answer. Its words stay out: they name people."""
    found = ENHANCED.search(words)
    return f"{code} {found.group(1).decode()}" if found else str(code)


def written(mail: Mail) -> bytes:
    """A mail as it goes over the wire: dots doubled, each line ended by CR and LF."""
    message = EmailMessage(policy=WIRE)
    message["Message-ID"] = mail.key
    message["Date"] = format_datetime(mail.at)
    message["From"] = formataddr((mail.from_name, _plain(mail.from_address)))
    message["To"] = formataddr((mail.to_name, _plain(mail.to_address)))
    if mail.reply_to:
        message["Reply-To"] = _plain(mail.reply_to)
    message["Subject"] = mail.subject
    message["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe_url:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    for name, value in mail.extra:
        message[name] = value
    message.set_content(_text(mail))
    message.add_alternative(_html(mail), subtype="html")
    # Said last: the body takes such headings away.
    message["Content-Language"] = mail.language.replace("_", "-")
    lines = message.as_bytes().splitlines()
    return b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines)


def _plain(address: str) -> str:
    """An address that can stand in a header and on the wire; ValueError for any other."""
    address.encode("ascii")
    if re.fullmatch(r"[^\s<>,;:\"()\[\]\\@]+@[A-Za-z0-9.-]+", address) is None:
        raise ValueError("not an address")
    return address


def _text(mail: Mail) -> str:
    if not mail.unsubscribe_url:
        return mail.body
    return f"{mail.body.rstrip()}\n\n-- \n{mail.unsubscribe_words}\n{mail.unsubscribe_url}\n"


def _html(mail: Mail) -> str:
    """The same words in a simple page, from right to left where the language is written so."""
    language = mail.language.replace("_", "-")
    direction = "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
    paragraphs = re.split(r"\n\s*\n", mail.body.strip())
    body = Markup("\n").join(Markup("<p>{}</p>").format(_lines(text)) for text in paragraphs)
    foot = Markup("")
    if mail.unsubscribe_url:
        foot = Markup('<hr><p><small><a href="{}">{}</a></small></p>').format(
            mail.unsubscribe_url, mail.unsubscribe_words
        )
    return Markup(
        '<!doctype html><html lang="{}" dir="{}"><head><meta charset="utf-8"><title>{}</title></head>'
        '<body dir="{}">{}{}</body></html>'
    ).format(language, direction, mail.subject, direction, body, foot)


def _lines(text: str) -> Markup:
    """One paragraph: its breaks kept, its addresses made links."""
    parts: list[Markup] = []
    last = 0
    for found in ADDRESS.finditer(text):
        url = found.group().rstrip(".,;:!?)")
        parts.append(escape(text[last : found.start()]))
        parts.append(Markup('<a href="{}">{}</a>').format(url, url))
        last = found.start() + len(url)
    parts.append(escape(text[last:]))
    return Markup("<br>\n").join(Markup("").join(parts).split("\n"))
