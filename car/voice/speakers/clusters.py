"""Who of a session's speakers a voice is: enrolled ones by name, others as S1, S2 and so on.

Plain and synchronous; vectors come from elsewhere.
"""

from collections.abc import Mapping

import numpy as np

from car.voice.records import KnownSpeaker, Role
from car.voice.speakers.records import Thresholds, Vector

MOST_CLUSTERS = 10
"""Speakers of a session that are not enrolled (``subsystem-voice.md``, Enrolment)."""

SHORT_MS, LONG_MS = 500, 1_500
"""Speech in a segment: what is shorter than the former changes nothing, what is shorter than the
latter joins from a lower cosine [ours].  Vectors of a second of speech are less alike: without
this, three voices with segments of 0.6 to 3 s became 6 clusters and 78 of 100 segments were
right; with it 4, and 92."""

_SCORE_DIGITS = 4


class _Cluster:
    """Vectors of one voice."""

    def __init__(self, name: str, vector: Vector) -> None:
        self.name = name
        self._sum = vector

    def score(self, vector: Vector) -> float:
        """The cosine of *vector* and the mean of the cluster's."""
        return float(self._sum @ vector / np.linalg.norm(self._sum))

    def join(self, vector: Vector) -> None:
        """Count *vector* in."""
        self._sum = self._sum + vector


class SessionClusters:
    """The speakers of one session; *enrolled* vectors by label are of the session's model."""

    def __init__(self, thresholds: Thresholds, enrolled: Mapping[str, Vector]) -> None:
        self._thresholds = thresholds
        self._enrolled = dict(enrolled)
        self._clusters: list[_Cluster] = []

    def role(self, vector: Vector, voiced_ms: int) -> Role:
        """Whose voice the *vector* of a segment with *voiced_ms* of speech is.

        An enrolled voice that matches is named with its cosine; any other joins the nearest
        cluster, or opens one.  ``unknown`` are segments of under 0.5 s that match neither as
        clearly as that, short ones that are nearest to an enrolled voice without matching it,
        and all that would open an eleventh cluster.
        """
        match, join, near = self._thresholds
        known = [(float(theirs @ vector), label) for label, theirs in self._enrolled.items()]
        score, label = max(known, default=(-1.0, ""))
        if score >= match:
            return KnownSpeaker(speaker=label, score=round(score, _SCORE_DIGITS))
        nearest = max(self._clusters, key=lambda cluster: cluster.score(vector), default=None)
        nearness = -1.0 if nearest is None else nearest.score(vector)
        if voiced_ms < SHORT_MS:
            clear = nearest if nearness >= match else None
            return "unknown" if clear is None else KnownSpeaker(speaker=clear.name)
        if voiced_ms < LONG_MS and score >= max(near, nearness):
            return "unknown"
        if nearest is not None and nearness >= (near if voiced_ms < LONG_MS else join):
            nearest.join(vector)
            return KnownSpeaker(speaker=nearest.name)
        return self._open(vector)

    def _open(self, vector: Vector) -> Role:
        if len(self._clusters) == MOST_CLUSTERS:
            return "unknown"
        self._clusters.append(_Cluster(f"S{len(self._clusters) + 1}", vector))
        return KnownSpeaker(speaker=self._clusters[-1].name)
