"""Endpoints as people write them: a host, a base with its version, or an operation in full."""

from urllib.parse import urlsplit, urlunsplit


def operation_url(endpoint: str, operation: str, version: str = "") -> str:
    """Where *operation* (``chat/completions``) is, at *endpoint*.

    An endpoint that ends in the operation is taken as it is; one without a path gets
    *version* (``v1``) first, where there is one.
    """
    scheme, host, path, query, _ = urlsplit(endpoint)
    path = path.rstrip("/")
    if not path.endswith(f"/{operation}"):
        base = path or (f"/{version}" if version else "")
        path = f"{base}/{operation}"
    return urlunsplit((scheme, host, path, query, ""))


def with_query(url: str, query: str) -> str:
    """*url* with *query* added to what it has."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(part for part in (parts.query, query) if part)))


def told(endpoint: str) -> str:
    """*endpoint* as it may stand in a message: no user, password or query, where keys can be."""
    parts = urlsplit(endpoint)
    _, _, host = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
