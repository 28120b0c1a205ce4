"""Who of a session's speakers a vector is of."""

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from car.voice.records import KnownSpeaker
from car.voice.speakers.clusters import LONG_MS, MOST_CLUSTERS, SHORT_MS, SessionClusters
from car.voice.speakers.records import Thresholds
from tests.voice.speakers.doubles import beside, direction

THRESHOLDS = Thresholds(match=0.80, join=0.75, near=0.60)
FIRST = direction(1, 0, 0)
OTHER = direction(0, 0, 1)
S1, S2 = KnownSpeaker(speaker="S1"), KnownSpeaker(speaker="S2")


class ClusterTests(SynchronousTestCase):
    """SessionClusters without anybody enrolled."""

    def setUp(self) -> None:
        self.clusters = SessionClusters(THRESHOLDS, {})

    def test_two_voices(self) -> None:
        """Each voice has its cluster, by the order in which they speak."""
        roles = [self.clusters.role(vector, LONG_MS) for vector in (FIRST, OTHER, FIRST, OTHER)]
        self.assertEqual(roles, [S1, S2, S1, S2])

    def test_threshold(self) -> None:
        """0.75 joins, less opens."""
        self.clusters.role(FIRST, LONG_MS)
        self.assertEqual(self.clusters.role(beside(0.7501), LONG_MS), S1)
        again = SessionClusters(THRESHOLDS, {})
        again.role(FIRST, LONG_MS)
        self.assertEqual(again.role(beside(0.7499), LONG_MS), S2)

    def test_running_mean(self) -> None:
        """A cluster moves towards those who join it."""
        self.clusters.role(FIRST, LONG_MS)
        for _ in range(20):
            self.clusters.role(beside(0.8), LONG_MS)
        # 0.6 from the first vector, and 0.96 from where most are.
        self.assertEqual(self.clusters.role(beside(0.6), LONG_MS), S1)

    def test_little_speech(self) -> None:
        """With under 1.5 s of speech 0.60 joins."""
        self.clusters.role(FIRST, LONG_MS)
        self.assertEqual(self.clusters.role(beside(0.61), LONG_MS - 1), S1)
        self.assertEqual(self.clusters.role(OTHER, LONG_MS - 1), S2)

    def test_hardly_any_speech(self) -> None:
        """Under 0.5 s only a clear match counts, and nothing is opened or moved."""
        self.assertEqual(self.clusters.role(FIRST, SHORT_MS - 1), "unknown")
        self.clusters.role(FIRST, LONG_MS)
        self.assertEqual(self.clusters.role(beside(0.79), SHORT_MS - 1), "unknown")
        for _ in range(20):
            self.assertEqual(self.clusters.role(beside(0.81), SHORT_MS - 1), S1)
        self.assertEqual(self.clusters.role(beside(0.74), LONG_MS), S2)

    def test_most(self) -> None:
        """Ten clusters are opened; who is near none of them is unknown from then on."""
        directions = np.eye(MOST_CLUSTERS + 1)
        roles = [self.clusters.role(vector, LONG_MS) for vector in directions]
        names = [role.speaker for role in roles if isinstance(role, KnownSpeaker)]
        self.assertEqual(names, [f"S{number}" for number in range(1, 11)])
        self.assertEqual(roles[-1], "unknown")
        self.assertEqual(self.clusters.role(directions[9], LONG_MS), KnownSpeaker(speaker="S10"))


class EnrolledTests(SynchronousTestCase):
    """SessionClusters with two enrolled."""

    def setUp(self) -> None:
        self.clusters = SessionClusters(THRESHOLDS, {"ada": FIRST, "grace": OTHER})

    def test_named(self) -> None:
        """From 0.80 on a voice has its name, and the cosine with four decimals."""
        self.assertEqual(
            self.clusters.role(beside(0.87654), LONG_MS), KnownSpeaker(speaker="ada", score=0.8765)
        )
        self.assertEqual(self.clusters.role(beside(0.7999), LONG_MS), S1)

    def test_nearest(self) -> None:
        """Of two that match the nearer one is named."""
        clusters = SessionClusters(THRESHOLDS, {"ada": FIRST, "eva": beside(0.9)})
        role = clusters.role(beside(0.95), LONG_MS)
        self.assertEqual(isinstance(role, KnownSpeaker) and role.speaker, "eva")

    def test_before_clusters(self) -> None:
        """An enrolled voice that matches goes before a cluster that is nearer."""
        self.clusters.role(beside(0.79), LONG_MS)
        role = self.clusters.role(beside(0.81), LONG_MS)
        self.assertEqual(isinstance(role, KnownSpeaker) and role.speaker, "ada")

    def test_short(self) -> None:
        """A short segment that does not quite match is unknown rather than of a new voice."""
        self.assertEqual(self.clusters.role(beside(0.7), LONG_MS - 1), "unknown")
        role = self.clusters.role(FIRST, SHORT_MS - 1)
        self.assertEqual(role, KnownSpeaker(speaker="ada", score=1.0))
        self.assertEqual(self.clusters.role(direction(0, 1, 0), LONG_MS - 1), S1)
