"""Speaking words: what, beside names and titles, heads and signatures are made of.

Compiled for this project from ordinary English; how such a head is read is told in ``sources``.
"""

_RANK_WORDS = """
    lvl level grade rank ranking ranked authority tier role position post capacity title seniority
    clearance status job standing rung power powers function occupation designation office level's
"""
_SPEAKING_WORDS = """
    the our my your by of from as at for in on to here is was it it's this that comes came word
    words message msg note memo mail statement line said say says saying wrote writes write
    writing adds added reports reported states stated announces announced replies replied answers
    answered decides decided tells told informs asks asked requests requested directs directed
    orders ordered instructs instructed declares declared insists rules ruled posts posted speaks
    speaking speaker voice quoth quoting quote according per role who who's acting and has have
    having put puts way follows following me i i'm am we us name signed sign issued issue sent
    sender sends via author authored behalf desk office source spoken given gave lets let speak up
    under passed along relayed hereby undersigned so a an one well that's he's she's he she
    himself herself itself themselves were directive instruction instructions order decree mandate
    decision decisions ruling rulings announcement request verdict command guidance advice
    recommendation comment comments commented remark remarks reply answer update entry wish wishes
    wants want heard hears what letting informing instructing directing ordering announcing asking
    stating quotes cites recommends suggests proposes argues claims explains thinks believes feels
    maintains holds notes mentions confirms clarifies stresses demands decreed mandates mandated
    demanded insisted off voiced dictated not suggested proposed explained noted mentioned
    confirmed stressed name's with using contribution contributed contributes forwarded forwards
    forwarding relays relaying conveyed conveys transmitted passes intervention remarked remarks
    commenting posting noting observes observed adding channel thread chat chimes chimed weighs
    weighed response responds responded responding communication communicated circulated
    dispatch bulletin notice notified notifies advises advised advising signatory undersigns
    attributed whose whom heading input statement's view views opinion floor minuted recorded
    appears appearing
"""
RANKS = frozenset(_RANK_WORDS.split())
"""Words for a rank: "level", "in the capacity of"."""

SPEAKING = frozenset(_SPEAKING_WORDS.split())
"""Small words of speaking: "this is", "posted by", "has this to say"."""
