"""Hearing: what of the user's words an assistant gives back.

What that settles is left to ``settlements``.
"""

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.ledger import Ledger
from car.memgine.dialogue.settlements import Settlements
from car.memgine.dialogue.statements import Statement

ECHO_REACH = 2
"""How many of the user's turns back an assistant's words may be the echo of."""


class Hearing:
    """Follows the echoes in *ledger* and notes them in *settlements*."""

    def __init__(self, ledger: Ledger, settlements: Settlements) -> None:
        self._ledger = ledger
        self._settlements = settlements

    def overhear(self, found: list[Statement]) -> None:
        """Note after a load what an assistant gave back."""
        for echo in found:
            if echo.alive and echo.voice == "assistant":
                self.listen(echo)

    def listen(self, echo: Statement) -> bool:
        """Note what of the user's an assistant gives back; whether that grants a request."""
        seen: dict[int, list[Statement]] = {}
        for said in self._ledger.back():
            last = said.node in seen or not seen
            heard = said.alive or (last and said.has(Cue.QUESTION) and not said.laid)
            if said.node < echo.node and heard and said.voice == "user" and not said.person:
                seen.setdefault(said.node, []).append(said)
                if len(seen) > ECHO_REACH:
                    break
        told = [said for found in seen.values() for said in found]
        given = [said for said in told if self._settlements.note(said, echo)]
        for said in given:
            self._ledger.answered(said, echo)
        if seen and echo.part == 0 and not given:
            for said in next(iter(seen.values())):
                self._settlements.accept(said, echo)
        return any(said.has(Cue.QUESTION) for said in given)
