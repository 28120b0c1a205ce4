"""Performatives: questions in form only, which tell something or order it to be arranged.

"May I remind you that the cap is $500", "would you please note down 2 PM", "could you see to it
that …".  Asking to be told something is left to ``requests`` and ``enquiries``.
"""

import re

_TELLING = (
    r"(?:remind|inform|notify|tell|advise|warn|assure|note|add|announce|report|mention|stress|state"
    r"|confirm|update|point out|point to|draw|call (?:your|the|everyone['’]?s?) attention|bring"
    r"|let you know"
    r"|put on record|record|correct|clarify|repeat|emphasi[sz]e|underline|observe|say|propose"
    r"|suggest"
    r"|recommend|refer you|direct your|register|share|present|declare|stipulate|make (?:it )?clear)"
)
_ARRANGING = (
    r"(?:note|take (?:note|down)|record|jot|write down|put (?:down|it|the|that|this|in|up)"
    r"|enter|log|mark"
    r"|register|pencil|add|bear|keep|remember|book|schedule|reserve|arrange|plan|wait|hold|postpone"
    r"|pause|cancel|drop|stop|see (?:to|that)|ensure|make (?:sure|certain|it)|negotiate|proceed|let"
    r"|inform|notify|tell (?!me\b|us\b)|ask (?!me\b|us\b)|order|buy|pay|ship|launch|deliver"
    r"|sign|approve"
    r"|grant|prioriti[sz]e|focus|refrain|be (?:aware|informed|advised)|take it|treat|regard"
    r"|consider)"
)
_MEETING = (
    r"(?:sit (?:down|together)|discuss|meet|talk (?:about|it|this|that|over)|get together"
    r"|regroup|revisit"
    r"|reconvene|catch up|take (?:this|that|it) up|come back to (?:this|that|it)|sleep on|defer"
    r"|postpone"
    r"|park|hold off|wait|leave (?:this|that|it)|put (?:this|that|it) off|decide (?:this|that"
    r"|it|later|next))"
)
_SOFTLY = r"(?:(?:please|kindly|perhaps|also|just|now|therefore|then|briefly|quickly)\s+)*"
_PERFORMING = re.compile(
    rf"^\W*(?:(?:and|but|so|well|now)\W+)*(?:may|might|can|could|must|should) (?:i|we)\s+{_SOFTLY}"
    rf"(?:(?:take|have) [^.?]{{0,30}}? to\s+)?(?:{_TELLING}\b|(?:ask|request|beg|urge) "
    rf"(?:that you\s+|you\s+)(?:to\s+)?{_ARRANGING}\b)"
    rf"|^\W*(?:(?:and|but|so|well|now)\W+)*(?:can|could|would|will|may|might) (?:you|someone"
    rf"|somebody|everyone|we all|the team)\s+{_SOFTLY}(?:be so (?:kind|good) as to\s+|be (?:kind"
    rf"|good) enough to\s+|mind\s+)?{_ARRANGING}\b"
    rf"|^\W*(?:can|could|shall|should|may|might) (?:we|i)(?: all| both)?\s+{_SOFTLY}{_MEETING}\b",
    re.I,
)


def performs(text: str) -> bool:
    """Whether *text*, in the form of a question, tells something or orders it to be arranged."""
    return _PERFORMING.search(text) is not None
