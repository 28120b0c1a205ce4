"""The limit of open descriptors, raised."""

import resource

from twisted.trial.unittest import SynchronousTestCase

from car.server.descriptors import MOST_DESCRIPTORS, raise_descriptor_limit

UNLIMITED = resource.RLIM_INFINITY


class LimitTests(SynchronousTestCase):
    """raise_descriptor_limit on systems with various limits."""

    def raised(self, soft: int, hard: int) -> tuple[int, int] | None:
        """What the limits *soft* and *hard* are set to, None where they are left alone."""
        found: list[tuple[int, int]] = []
        self.patch(resource, "getrlimit", lambda name: (soft, hard))
        self.patch(resource, "setrlimit", lambda name, both: found.append(both))
        raise_descriptor_limit()
        return found[0] if found else None

    def test_to_the_hard_limit(self) -> None:
        """The soft limit becomes the hard one."""
        self.assertEqual(self.raised(1024, 4096), (4096, 4096))

    def test_at_most(self) -> None:
        """A huge or missing hard limit is not used up."""
        self.assertEqual(self.raised(1024, 2**30), (MOST_DESCRIPTORS, 2**30))
        self.assertEqual(self.raised(1024, UNLIMITED), (MOST_DESCRIPTORS, UNLIMITED))

    def test_never_lower(self) -> None:
        """What is high enough stays."""
        self.assertIsNone(self.raised(4096, 4096))
        self.assertIsNone(self.raised(100_000, 2**30))
        self.assertIsNone(self.raised(UNLIMITED, UNLIMITED))

    def test_refused(self) -> None:
        """A system that refuses is no reason not to start."""

        asked: list[tuple[int, int]] = []

        def refuse(name: int, both: tuple[int, int]) -> None:
            asked.append(both)
            raise ValueError("not allowed to raise maximum limit")

        self.patch(resource, "getrlimit", lambda name: (256, 4096))
        self.patch(resource, "setrlimit", refuse)
        raise_descriptor_limit()
        self.assertEqual(asked, [(4096, 4096)])
