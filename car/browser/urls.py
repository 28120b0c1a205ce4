"""Which URLs a script may open."""

from urllib.parse import urlsplit

from car.browser.errors import StepError

MOST_URL_CHARS = 65_536
"""Longer ones are refused; ``data:`` URLs, which may be longer, are not opened at all [ours]."""


def check_url(url: str, *, allow_file: bool) -> str:
    """*url*, if it is ``http``, ``https``, ``about:blank``, or an allowed ``file`` URL.

    Raises StepError.
    """
    if len(url) > MOST_URL_CHARS:
        raise StepError(f"url: expected up to {MOST_URL_CHARS} characters")
    if url == "about:blank":
        return url
    try:
        split = urlsplit(url)
        host, _port = split.hostname, split.port
    except ValueError:
        raise StepError(f"url: '{url:.200}' is not a URL") from None
    if split.scheme in ("http", "https"):
        if not host:
            raise StepError(f"url: '{url:.200}' has no host")
        return url
    if split.scheme == "file":
        if allow_file:
            return url
        raise StepError(
            "url: file URLs are off; CAR_BROWSER_ALLOW_FILE=1 in the daemon's"
            " environment allows them"
        )
    raise StepError(
        f"url: '{url:.200}' is not an http or https URL; write it with its scheme,"
        " such as https://example.org/"
    )


def check_origin(origin: str) -> str:
    """*origin* as ``scheme://host[:port]``; raises StepError for what is not one."""
    try:
        split = urlsplit(origin)
        host, _port = split.hostname, split.port
    except ValueError:
        host, split = None, urlsplit("")
    beside = split.username is not None or split.query or split.fragment
    is_web = split.scheme in ("http", "https") and host
    if not is_web or beside or split.path not in ("", "/"):
        raise StepError(f"origin: '{origin:.200}' is not an origin such as https://example.org")
    return f"{split.scheme}://{split.netloc}"


def origin_of(url: str) -> str:
    """The origin of *url*, as ``scheme://host[:port]``."""
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}"
