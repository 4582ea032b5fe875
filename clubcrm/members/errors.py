"""What this package refuses, in the words of the screen."""

from flask_babel import lazy_gettext as _l

from clubcrm.core.errors import DomainError, Invalid, NotFound


class UnknownPerson(NotFound):
    """Nobody with this number is in sight."""

    code = "unknown_member"
    message = _l("There is no such member, or you may not see them.")


class UnknownPlan(NotFound):
    """The club has no such plan."""

    code = "unknown_plan"
    message = _l("The club has no such plan.")


class UnknownMembership(NotFound):
    """There is no such term."""

    code = "unknown_membership"
    message = _l("There is no such membership.")


class UnknownFreeze(NotFound):
    """There is no such freeze."""

    code = "unknown_freeze"
    message = _l("There is no such freeze.")


class UnknownClosure(NotFound):
    """There is no such closure."""

    code = "unknown_closure"
    message = _l("There is no such closure.")


class UnknownSeason(NotFound):
    """There is no such slow season."""

    code = "unknown_season"
    message = _l("There is no such slow season.")


class BadPerson(Invalid):
    """Some of what was entered about a person is not right."""

    code = "bad_member"
    message = _l("Some entries about this person are not right.")


class ExternalIdTaken(DomainError):
    """Somebody else at the club has this external id."""

    code = "external_id_taken"
    message = _l("Another member of this club already has this external number.")


class PlanNameTaken(DomainError):
    """The club has a plan of this name."""

    code = "plan_name_taken"
    message = _l("The club already has a plan with this name. Choose another name.")


class BadPlan(Invalid):
    """The plan's figures do not fit its kind."""

    code = "bad_plan"
    message = _l("This plan is not complete.")


class BadTerm(Invalid):
    """The days of a term make no sense."""

    code = "bad_term"
    message = _l("The last day lies before the first.")


class PlanHasNoLength(Invalid):
    """A term cannot be counted from a plan without a length."""

    code = "plan_has_no_length"
    message = _l("The plan “%(plan)s” has no length. Enter the last day.")


class MembershipIdTaken(DomainError):
    """Another term of the club has this external id."""

    code = "membership_id_taken"
    message = _l("Another membership of this club already has this external number.")


class AlreadyRenewed(DomainError):
    """Another term follows this one already."""

    code = "already_renewed"
    message = _l("This membership is already renewed. Renew the later one.")


class NothingToRenew(DomainError):
    """The term cannot be followed by a renewal."""

    code = "nothing_to_renew"
    message = _l("This membership runs on by itself; there is nothing to renew.")


class MembershipIsVoid(DomainError):
    """The term was taken back."""

    code = "membership_is_void"
    message = _l("This membership was taken back. Sell a new one.")


class MembershipIsOver(DomainError):
    """The term ended before that day."""

    code = "membership_is_over"
    message = _l("This membership is not running on that day.")


class StartsTooEarly(DomainError):
    """A renewal would begin before the term before it ends."""

    code = "starts_too_early"
    message = _l("The renewal can start on %(day)s at the earliest, when the membership ends.")


class HasSuccessor(DomainError):
    """A later term hangs on this one."""

    code = "has_successor"
    message = _l("A later membership follows this one. Take that one back first.")


class NothingToCancel(DomainError):
    """The term ends by itself."""

    code = "nothing_to_cancel"
    message = _l("This membership ends by itself on its last day; it needs no cancellation.")


class AlreadyCancelled(DomainError):
    """Notice was given already."""

    code = "already_cancelled"
    message = _l("This membership is already cancelled. Withdraw that first.")


class NotCancelled(DomainError):
    """No notice was given."""

    code = "not_cancelled"
    message = _l("This membership is not cancelled.")


class CancelledTooLate(DomainError):
    """The notice has taken effect."""

    code = "cancelled_too_late"
    message = _l("The cancellation has already taken effect. Sell a new membership.")


class LastDayPast(DomainError):
    """The last day of a cancelled contract lies in the past."""

    code = "last_day_past"
    status = 422
    message = _l("The last day cannot lie before today or before the start of the membership.")


class UpgradeIsOver(DomainError):
    """The new plan, counted from the start of the old term, would be over already."""

    code = "upgrade_is_over"
    message = _l(
        "Counted from the start of this membership the new plan would already be over on that day. "
        "Let it end and sell a renewal."
    )


class FreezeOutsideTerm(DomainError):
    """A freeze must begin while the term runs."""

    code = "freeze_outside_term"
    status = 422
    message = _l("A freeze must begin within the membership.")


class FreezesOverlap(DomainError):
    """Two freezes of one term would have a day in common."""

    code = "freezes_overlap"
    message = _l("The membership is already frozen on some of these days.")


class FreezeTooLong(DomainError):
    """The club's limit of frozen days would be passed."""

    code = "freeze_too_long"
    status = 422
    message = _l("The club allows %(limit)s frozen days for one membership; %(used)s are used.")


class FreezeIsOver(DomainError):
    """The freeze has ended, or was taken back."""

    code = "freeze_is_over"
    message = _l("This freeze has already ended.")


class TermIsFrozen(DomainError):
    """The term is frozen on that day."""

    code = "membership_is_frozen"
    message = _l("The membership is frozen on that day. End the freeze first.")


class ClosureStands(DomainError):
    """The same closure was declared already."""

    code = "closure_stands"
    message = _l("The club is already closed on exactly these days.")


class BadClosure(Invalid):
    """A closure that makes no sense."""

    code = "bad_closure"
    message = _l("Only days on which the club is wholly closed can be given back to members.")


class SeasonNameTaken(DomainError):
    """The club has a slow season of this name."""

    code = "season_name_taken"
    message = _l("The club already has a slow season with this name.")


class BadSeason(Invalid):
    """A slow season that makes no sense."""

    code = "bad_season"
    message = _l("This slow season is not complete.")
