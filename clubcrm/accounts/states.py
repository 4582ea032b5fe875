"""The vocabularies of access: roles, permissions, outcomes."""

from enum import StrEnum


class Role(StrEnum):
    """What somebody is at a club. A person may hold several roles, each at its own club."""

    OWNER = "owner"
    MANAGER = "manager"
    DESK = "desk"
    SALES = "sales"
    TRAINER = "trainer"
    ACCOUNTANT = "accountant"
    KIOSK = "kiosk"
    DEVICE = "device"


class Permission(StrEnum):
    """What one may do. Each route asks for exactly one; `policies.GRANTS` says which role has it."""

    CHECK_IN = "check_in"  # let people in, see the answer card
    SWITCH_CLERK = "switch_clerk"  # hand the computer of the desk over, and take it
    OVERRIDE_STOP = "override_stop"  # let somebody in against a stop, with a reason
    UNDO_VISIT = "undo_visit"
    SEE_MEMBERS = "see_members"  # lists, cards, timelines
    EDIT_MEMBERS = "edit_members"
    SELL = "sell"  # sell and renew memberships
    FREEZE = "freeze"
    CANCEL_MEMBERSHIP = "cancel_membership"
    TAKE_PAYMENT = "take_payment"
    SEE_PLANS = "see_plans"
    EDIT_PLANS = "edit_plans"
    TRAIN = "train"  # own sessions and own clients, on the phone
    RUN_SCHEDULE = "run_schedule"  # the sessions and clients of every trainer
    SEE_RETENTION = "see_retention"
    WORK_TASKS = "work_tasks"  # see what is to be done, write down what came of it
    ASSIGN_TASKS = "assign_tasks"  # give tasks to somebody
    SEE_REPORTS = "see_reports"  # renewals and other figures of the club
    SEE_HOME = "see_home"  # the owner's page: who renews, who slips, what changed
    IMPORT = "import"  # upload, check, run and undo imports
    EXPORT = "export"
    EDIT_CLUB = "edit_club"  # settings, closures, slow seasons
    EDIT_SENDER = "edit_sender"  # how the club writes, and messages in doubt
    EDIT_CONTACTS = "edit_contacts"  # which contacts the club makes, and what it learns from them
    MANAGE_STAFF = "manage_staff"


class AccessOutcome(StrEnum):
    """How an access ended."""

    ALLOWED = "allowed"
    REFUSED = "refused"


class Theme(StrEnum):
    """How bright the screens of one device are."""

    AUTO = "auto"  # as the device asks for
    LIGHT = "light"
    DARK = "dark"


LANGUAGE_COOKIE = "clubcrm_language"
"""Cookie with the language chosen on a device before anybody signed in."""

THEME_COOKIE = "clubcrm_theme"
"""Cookie with the theme chosen on a device."""

MIRRORED = "qps"
"""Code of the mirrored language: English with accents, in brackets, written from right to left. It shows
words that were never translated and pages that do not turn round; nobody speaks it."""
