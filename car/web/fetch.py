"""Fetching a page: its URL checked, redirects followed one by one, its text read."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from msgspec import Struct
from twisted.internet.defer import Deferred

from car.web.errors import InvalidURL, WebError
from car.web.http import HTTPReader
from car.web.pages import Text, read_page

InThread = Callable[..., "Deferred[Any]"]
"""Calls a function with arguments in a thread; fires with its result."""

MOST_REDIRECTS = 5
"""How many redirects are followed [ours]."""

MOST_URL_CHARS = 4_096

_ACCEPT = {"Accept": "text/html, text/*;q=0.9, application/json;q=0.8, */*;q=0.5"}


class Page(Struct, frozen=True, omit_defaults=True):
    """A page that was read; ``url`` is where it was found in the end."""

    url: str
    status: int
    content_type: str
    text: str
    title: str | None = None


def check_url(url: str) -> str:
    """*url* without its fragment; raises InvalidURL for one that is not fetched."""
    if len(url) > MOST_URL_CHARS:
        raise InvalidURL(f"url: expected up to {MOST_URL_CHARS} characters")
    try:
        split = urlsplit(url)
        host, _ = split.hostname, split.port
    except ValueError:
        raise InvalidURL(f"url: '{url:.200}' is not a URL") from None
    if split.scheme not in ("http", "https") or not host:
        raise InvalidURL(f"url: '{url:.200}' is not an http or https URL with a host")
    if ":" in host:
        raise InvalidURL("url: an IPv6 address is not fetched; name the host instead")
    if split.username is not None or split.password is not None:
        raise InvalidURL("url: a URL with a user name or password in it is not fetched")
    return urldefrag(url).url


async def fetch_page(reader: HTTPReader, in_thread: InThread, url: str) -> Page:
    """Fetch *url* and read its text, in a thread.

    Raises WebError: InvalidURL also for a redirect to what is not fetched, TooLarge, NotText,
    AddressRefused.
    """
    target = check_url(url)
    for _ in range(MOST_REDIRECTS + 1):
        answer = await reader.request("GET", target, headers=_ACCEPT)
        if answer.location is None:
            text: Text = await in_thread(read_page, answer.content_type, answer.body)
            return Page(target, answer.status, answer.content_type, text.text, text.title)
        target = _redirected(target, answer.location)
    raise WebError(f"'{url:.200}' redirects more than {MOST_REDIRECTS} times")


def _redirected(url: str, location: str) -> str:
    """Where *url* redirects to; raises InvalidURL."""
    try:
        return check_url(urljoin(url, location))
    except ValueError:
        raise InvalidURL(f"'{url:.200}' redirects to what is not a URL") from None
