"""A process that holds a browser until it is killed: says the browser's id and profile.

Run as ``python -m tests.browser.holder``.
"""

from twisted.internet.defer import Deferred

from car.application import the_reactor
from car.browser.arguments import LaunchSettings
from car.browser.process import launch
from tests.browser.needed import extra_args


async def hold() -> None:
    """Launch and say what there is."""
    browser = await launch(the_reactor(), LaunchSettings(extra_args=extra_args()))
    print(browser.pid, browser.profile, flush=True)


if __name__ == "__main__":
    Deferred.fromCoroutine(hold())
    the_reactor().run()
