"""What can go wrong with a meeting, in words for the client."""

from car.errors import CarError


class MeetingError(CarError):
    """The root of this package's failures."""

    code = "meeting"


class InvalidMeeting(MeetingError):
    """A meeting that cannot be held so; the message names the field and what would be right."""

    code = "invalid_request"


class MeetingExists(MeetingError):
    """A meeting under an id that is taken."""

    code = "duplicate"


class TooManyMeetings(MeetingError):
    """No more meetings may be active."""

    code = "busy"


class NotActive(MeetingError):
    """A meeting to be stopped that is not under way."""

    code = "not_found"


class UnknownMeeting(MeetingError):
    """A meeting that is not stored where it was looked for."""

    code = "not_found"


class FilesFailed(MeetingError):
    """Files of a meeting that cannot be read or written; the message names them."""

    code = "store"
