"""How many descriptors this process may have open.

Each connection takes one, its journal another.  What happens when there are none left is
Twisted's affair: its listeners keep one in reserve, with which they accept and close a
connection that there is no place for, so that neither the listener spins nor the client
waits (``reliability.md`` T13).
"""

import contextlib
import sys

if sys.platform == "linux":
    import resource

MOST_DESCRIPTORS = 65_536
"""As many as the shipped unit asks for (``LimitNOFILE``, ``reliability.md`` §6)."""


def raise_descriptor_limit() -> None:
    """Raise the soft limit to the hard one, at most to `MOST_DESCRIPTORS`.

    On Linux only: elsewhere the reactor may be built on ``select``, which knows no more than
    1,024.  A system that refuses keeps its limit.
    """
    if sys.platform == "linux":
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else hard
        wanted = min(wanted, MOST_DESCRIPTORS)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
