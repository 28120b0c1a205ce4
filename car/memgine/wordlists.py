"""Words that carry no topic, and irregular English forms that no suffix rule brings together.

Compiled for this project: closed word classes, and the common irregular verbs and plurals of
any school grammar.  What a stemmer can do by suffix is left to the stemmer.
"""

_CLOSED = """
    a an the this that these those
    i me my mine myself you your yours yourself he him his himself she her hers herself
    it its itself we us our ours ourselves they them their theirs themselves
    am is are was were be been being do does did doing done have has had having
    can could will would shall should must might ca wo ai
    and or but if than then so as of at by for with about into onto to from in on up out over
    not no nor too very just also only there here
    what which who whom whose when where why how
    s t d ll re ve m
    gonna gotta wanna let lets
"""

STOP_WORDS: frozenset[str] = frozenset(_CLOSED.split())
"""A light list; kept short so that short facts keep their words.  ``may`` is a month."""

_FRAMING = """
    kind type sort many much name call happen likely describe accord consider mention tell say
    long often way thing specific particularly particular recent recently ever
    current currently potential might
"""

FRAME_WORDS: frozenset[str] = frozenset(_FRAMING.split())
"""Words for what is asked rather than what it is asked of: *what kind of*, *the name of*."""

_IRREGULAR = """
    become became; begin began begun; bend bent; blow blew blown;
    break broke broken; bring brought; build built; burn burnt; buy bought; catch caught;
    choose chose chosen; come came; creep crept; deal dealt; dig dug; draw drew drawn;
    dream dreamt; drink drank drunk; drive drove driven; eat ate eaten; fall fell fallen;
    feed fed; feel felt; fight fought; find found; flee fled; fly flew flown;
    forbid forbade forbidden; forget forgot forgotten; forgive forgave forgiven;
    freeze froze frozen; get got gotten; give gave given; go went gone; grow grew grown;
    hang hung; hear heard; hide hid hidden; hold held; keep kept; kneel knelt; know knew known;
    lead led; learn learnt; leave left; lend lent; lose lost; make made; mean meant; meet met;
    pay paid; ride rode ridden; ring rang rung; run ran; say said; see saw seen;
    seek sought; sell sold; send sent; shake shook shaken; shine shone; shoot shot;
    show shown; shrink shrank shrunk; sing sang sung; sink sank sunk; sit sat; sleep slept;
    slide slid; speak spoke spoken; speed sped; spend spent; spin spun; stand stood;
    steal stole stolen; stick stuck; sting stung; strike struck stricken; swear swore sworn;
    sweep swept; swim swam swum; swing swung; take took taken; teach taught; tear tore torn;
    tell told; think thought; throw threw thrown; understand understood; wake woke woken;
    wear wore worn; weave wove woven; weep wept; win won; withdraw withdrew withdrawn;
    write wrote written;
    child children; foot feet; goose geese; knife knives; man men;
    mouse mice; person people; shelf shelves; tooth teeth; wife wives; wolf wolves; woman women;
    good better best; bad worse worst
"""


def _lemmas(table: str) -> dict[str, str]:
    groups = [group.split() for group in table.split(";")]
    return {form: forms[0] for forms in groups for form in forms[1:]}


LEMMAS: dict[str, str] = _lemmas(_IRREGULAR)
"""Irregular form to base form: ``went`` to ``go``."""
