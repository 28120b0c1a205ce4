"""What can go wrong between a URL and its text, in words for the client."""

from car.errors import CarError


class WebError(CarError):
    """The root of this package's failures: told with the machine code ``web``."""

    code = "web"


class InvalidURL(WebError):
    """A URL that is none, or that is not fetched."""

    code = "invalid_url"


class AddressRefused(WebError):
    """A host whose address is not a public one."""

    code = "address_refused"


class TooLarge(WebError):
    """A page that is larger than what is read."""

    code = "too_large"


class NotText(WebError):
    """Content that has no text to it."""

    code = "not_text"


class RateLimited(WebError):
    """Too many requests in a minute; the message says when the next may be made."""

    code = "rate_limited"


class SearchRefused(WebError):
    """A search engine that does not answer what it was asked."""

    code = "search_refused"
