"""The name that this daemon was installed under, for what it advises to install."""

from importlib import metadata


def own_distribution() -> str:
    """The distribution that the package ``car`` belongs to; ``car`` where it was not installed.

    Blocks while it looks through what is installed, so it is called in a thread.  (The
    library's ``packages_distributions`` reads every file list: 150 ms, with the reactor held
    up for 25 of them.)
    """
    for distribution in metadata.distributions():
        if "car" in (distribution.read_text("top_level.txt") or "").split():
            return distribution.metadata["Name"]
    return "car"
