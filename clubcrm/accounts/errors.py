"""What this package refuses, in the words of the screen."""

from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import DomainError, Forbidden, NotFound


class NotAllowed(Forbidden):
    """The permission is not held at that club."""

    code = "not_allowed"
    message = _l("Your role does not allow this. Ask a manager, who can do it or change your role.")


class WrongSignIn(DomainError):
    """E-mail or password is wrong; which of the two is not said."""

    code = "wrong_sign_in"
    status = 401
    message = _l("E-mail or password is wrong. Check both and try again.")


class TooManyTries(DomainError):
    """Too many wrong passwords in a short time."""

    code = "too_many_tries"
    status = 429
    message = _l("Too many wrong passwords. Wait fifteen minutes, then try again.")


class WrongPassword(DomainError):
    """The password asked for once more is not the employee's."""

    code = "wrong_password"
    status = 422
    message = _l("The password is wrong.")


class WeakPassword(DomainError):
    """The password is too short."""

    code = "weak_password"
    status = 422
    message = _l("Choose a password of at least 10 characters.")


class NotAnEmail(DomainError):
    """What somebody is to sign in with is no e-mail address."""

    code = "not_an_email"
    status = 422
    message = _l("This is not an e-mail address.")


class AlreadySetUp(DomainError):
    """A club lives here already."""

    code = "already_set_up"
    message = _l("This installation is already set up. Sign in instead.")


class ClubCodeTaken(DomainError):
    """Another club has this code."""

    code = "club_code_taken"
    message = _l("Another club has this code already. Choose another one.")


class EmailTaken(DomainError):
    """Another employee signs in with this e-mail."""

    code = "email_taken"
    message = _l("Somebody already signs in with this e-mail.")


class UnknownClub(NotFound):
    """No club has this code."""

    code = "unknown_club"
    message = _l("There is no such club.")


class BadClubSetting(DomainError):
    """A zone, currency, language or calendar that is not known."""

    code = "bad_club_setting"
    status = 422
    message = _l("“%(value)s” is not a known %(what)s.")


class LastOwner(DomainError):
    """Nobody would own the club any more."""

    code = "last_owner"
    message = _l("A club needs an owner. Make somebody else an owner first.")


class UnknownEmployee(NotFound):
    """Nobody with this number works at these clubs."""

    code = "unknown_employee"
    message = _l("There is no such employee.")


class UnknownToken(NotFound):
    """There is no such token."""

    code = "unknown_token"
    message = _l("There is no such token.")


class NotAPin(DomainError):
    """What was chosen is not four to eight digits."""

    code = "not_a_pin"
    status = 422
    message = _l("A PIN has 4 to 8 digits and nothing else.")


class TrivialPin(DomainError):
    """A PIN that anybody would try first."""

    code = "trivial_pin"
    status = 422
    message = _l(
        "This PIN is guessed at once. Choose one that is not a row such as 1234, not the same digit "
        "again and again, and not a pair that repeats."
    )


class UnknownClerk(NotFound):
    """Nobody of this number works at the desk of the club."""

    code = "unknown_clerk"
    message = _l("Nobody of this number works at this desk.")


class PasswordNeeded(Forbidden):
    """A PIN does not do here: there is none, the role holds too much, or nobody signed in on this browser."""

    code = "password_needed"
    message = _l("A PIN is not enough here. Use the password.")
