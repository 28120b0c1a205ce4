"""Frames: what a clause is about and what it chooses, by its verb.

"The design is X", "Status: X", "we're going with X for the contract", "X it is", "make it X",
and the fragment that is left once its marks are gone ("scratch that, X").  Typed values are
found before; a choice is what none of their families covers.
"""

import re

import msgspec

from car.memgine.dialogue.cues import Cue
from car.memgine.dialogue.values import Kind, Value
from car.memgine.dialogue.vocabulary import GENERIC, PRONOUNS, STATE_NOUNS, stems, terms

FRAGMENT_WORDS = 5
"""Words that a fragment naming a choice has at most."""


class Frame(msgspec.Struct, frozen=True):
    """The frame of one clause."""

    head: frozenset[str] = frozenset()
    """The stems of the subject of a verb of being, or of a label."""
    subject: frozenset[str] = frozenset()
    """The stems of who chooses."""
    choice: str = ""
    verb: str = ""
    """The verb of choosing, its first word: it says nothing of what is chosen for what."""
    verb_at: int = 0
    """Where the verb of being stands: what is before it names the subject."""
    chosen: bool = False
    """Whether the choice comes from a verb of choosing rather than of being."""
    fragment: bool = False
    """Whether there was no verb at all."""


_END = (
    r"(?=\s+(?:for|have the|because|since|due|instead|as|if|when|so|rather|while|until|unless|going"
    r"|starting|then|after|and|but|by|this|next|from|in (?:the|its|their|that)|please|again|now"
    r"|over|right away|at once|today|straight away|nevertheless|regardless|anyway|though)\b"
    r"|\s*[,;:.!?()]|\s+[-—–]\s|\s*$)"
)
_VERB_OF_CHOOSING = r"""
    go(?:ing|es)?\ (?:ahead\ )?with | went\ with
    | (?:proceed|run|stick|mov)(?:ing|ed)?\ (?:forward\ |ahead\ )?with
    | us(?:e|ing)(?!\ cases?\b) | pick(?:ed|ing)? | choo?sen? | chose | choosing
    | select(?:ed|ing)? | try(?:ing)?(?!\ to\b) | adopt(?:ed|ing)? | prefer(?:red|s)?
    | wants?(?!\ to\b) | insists?\ on | rather\ (?:have|do) | let'?s\ say
    | do(?:ing)?(?!\ (?:at|for|in|with|well|fine|nicely|just)\b)
    | (?:(?<=contract\ )|(?<=award\ )|(?<=deal\ )|(?<=order\ )|(?<=business\ )|(?<=account\ )
      |(?<=job\ ))(?:goes|went|is\ going)\ to
    | (?:take|taking|took)(?=\ .{2,40}?\ (?:for|as)\ )
    | let(?=\ .{2,40}?\ have\ the\b)
    | goes\ to(?=\ (?-i:[A-Z]))
    | award(?:ed|ing)?\ (?:it|this|the\ \w+)\ to
    | (?:decid|settl|agre|land)(?:ed|ing|e)\ (?:on|upon) | opt(?:ed|ing)?\ for
    | (?:went|gone|voted?)\ for | (?:gave|give|giving)\ the\ \w+\ to
    | (?:signed(?!\ up\b)|hired|appointed)(?:\ off\ on|\ with)?
    | (?:would|['’]d)\ (?:like|love)(?!\ to\b) | favou?r(?:s|ed|ing)? | fond\ of
    | inclin(?:e|ed|ing)\ (?:to|towards?) | lean\ (?:to|towards?)
    | (?:what|how)\ about | insists?\ on
    | thinking(?:\ of|\ about)? | leaning\ (?:to|towards?) | consider(?:ing|ed)?
    | planning\ (?:on|for)
    | (?:finali[sz]ed|confirmed|fixed|locked\ in|chosen|set)\ (?:as|on|at|to\ be)
    | (?:switch|swap|mov|chang|revert|return|shift|migrat|convert|pivot|transition|turn|flip
      |swing|swung|graduat|defect|cross|jump|gravitat)(?:e|ed|ing)?
      (?:\s+[\w'-]+){0,5}?\ to(?:wards?)?
    | (?:come|came|coming|brought|won)\ (?:round|around|over)\ to
    | com(?:e|ing)\ to\ (?:like|prefer)
    | warm(?:ed|ing)?\ to | plump(?:ed|ing)?\ for | sid(?:e|ed|ing)\ with
    | fix(?:ed|ing)?\ (?:on|upon)
    | (?:end|wind|wound|finish)(?:ed|ing)?\ up\ with | (?:settl|vot)(?:e|ed|ing)\ for
    | (?:we|i)(?:['’]ll|\ will|\ shall)\ (?:be\ )?hav(?:e|ing)
    | (?:call|mark|flag|label)(?:ed|ing)?\ (?:it|this|that)(?:\ down)?(?:\ as)?
    | (?:happier|better\ (?:off|served)|happy|content|more\ at\ ease)\ with
    | (?:com|cam)(?:e|ing)\ down\ (?:on\ the\ side\ of|in\ favou?r\ of|for)
    | in\ favou?r\ of(?=\ \S+(?:\ \S+){0,4}\W*$)
    | (?:would|['’]d)\ (?:sooner|rather)\ (?:have|do|see)?
    | (?:bring|brought|put)\ in(?=\ \S+(?:\ \S+){0,3}\ instead)
    | (?:go|going|roll|rolling|went)?\ ?back\ to | slipp?(?:ed|ing)?\ to
    | mak(?:e|ing)\ (?:it|that)
      (?!\ (?:work|happen|clear|eas(?:y|ier)|possible|sure|to|up|better|worse|so|more|less))
    | replac(?:e|ed|ing)\ .{1,40}?\ (?:with|by)
    | (?:re)?(?:allocat|assign)(?:e|ed|ing)\ .{1,40}?\ to
"""
_CHOOSING = re.compile(
    rf"\b(?:{_VERB_OF_CHOOSING})\s+(?:be\s+)?(?:(?:the|an?|our)\s+)?"
    r"(?P<choice>[\w\#$][\w'’.+/&\#%$-]*(?:\s+[\w\#$&][\w'’.+/&\#%$-]*){0,4}?)"
    + _END.replace(" ", r"\ "),
    re.I | re.X,
)
_BEING = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay|also|now|well|yes|however|then|later)\b[\s,]+)*"
    r"(?P<head>(?:[\w'’#&/.-]+\s+){0,7}?[\w'’#&/.-]+?)(?:'s|’s)?\s+"
    r"(?:(?:is|are|was|were|has been|have been|will be|would be|remains?|stands at|becomes?"
    r"|counts as|is considered|has turned|turned|has become"
    r"|became|stays|shall be)\b|(?<=\w)'s\b|(?<=['’]ll )be\b)\s*"
    r"(?:(?:now|currently|officially|actually|still|going to be|set (?:to|at|for)|just|to be)\s+)*"
    r"(?:at |in |on |the |a |an |our |being held (?:in|at) )?(?P<choice>[^,;:.!?()]{2,60}?)" + _END,
    re.I,
)
_GIVEN = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay|then|now)\b[\s,]+)*"
    r"(?:(?:for|as for|as to|regarding|concerning)\s+(?P<for>[\w'’#&/-]+(?:\s+[\w'’#&/-]+){0,4}?)"
    r"\s*[,:—–-]\s*(?:(?:we|i)(?:['’](?:ll|re|d)| will| would| shall)?\s+(?:now\s+)?(?:have|having"
    r"|get|take"
    r"|want|need|like|do|be having)\s+)?(?P<given>(?:(?!(?:we|i|you|he|she|they|it|is|are|was"
    r"|please|can)\b)[\w'’.+/&#%$-]+\s*){1,4}?)\W*$"
    r"|(?P<thing>[\w'’#&/-]+(?:\s+[\w'’#&/-]+){0,4}?)\s+(?:(?:will|shall|is going to|is to"
    r"|now)\s+)?(?:gets?|(?<=will )have|getting|takes?|uses?|receives?)\s+(?:the |an? |our )?"
    r"(?P<got>[\w#$][\w'’.+/&\#%$-]*(?:\s+[\w#$&][\w'’.+/&\#%$-]*){0,3}?)" + _END + r")",
    re.I,
)
"""What something is given, rather than what it is: "the hall gets cork", "for the hall, cork"."""

_LABEL = re.compile(
    r"^\W*(?P<head>[A-Za-z][\w'’#&/ -]{1,48}?)\s*(?::|=)\s+(?P<choice>[^,;.!?()]{2,60})"
)
_FRONTED = re.compile(
    r"^\W*(?:i (?:now )?(?:think|believe|feel) (?:that )?)?"
    r"(?P<better>[\w.+#-]+(?:\s+[\w.+#-]+){0,3}?)"
    r"\s+(?:would|might|could|is|will|seems?|looks?)\b(?:\s+\w+){0,2}?"
    r"\s+(?:better|best|preferable|superior|ideal|simpler|cheaper|safer|right)\b"
    r"|^\W*(?P<suits>(?!(?:this|that|it|which|what|who)\b)[\w.+#-]+(?:\s+[\w.+#-]+){0,3}?)"
    r"\s+(?:now |still |currently |really |just )?"
    r"(?:(?:suits?|works?|fits?|appeals?|serves?|does it|(?:is|are) (?:fine|good|ok|okay|best))"
    r"(?: better| best| well| fine| right| nicely)?(?: for| to| with| by)? (?:me|us)\b|will do\b)"
    r"|^\W*(?:(?:and|but|so|then|hm+|ok|okay)\b\W*)*(?P<taken>[\w'’.&/-]+(?:\s+[\w'’.&/-]+){0,4}?)"
    r"\s+is what (?:we|i)(?:['’](?:ll|re|ve|d)| will| are| have| would)?\b"
    r"|^\W*(?P<winner>[\w'’.&/-]+(?:\s+[\w'’.&/-]+){0,4}?)"
    r"\s+(?:it is\b|after all\b|(?:will )?(?:gets?|wins?|takes?|has won)\s+the\b)",
    re.I,
)
_PASSIVE = re.compile(
    r"^\W*(?:(?:and|but|so|ok|okay|then|that|it is \w+ that)\b[\s,]+)*"
    r"(?P<choice>(?-i:[A-Z0-9])[\w'’.&/#+-]*(?:\s+[\w'’.&/#+-]+){0,4}?)\s+"
    r"(?:(?:is|are|was|were|has been|have been|will be|shall be|be|being|gets?|got|is to be)\s+)"
    r"(?:(?:now|hereby|officially|finally|formally|herewith|therefore)\s+)*"
    r"(?:selected|chosen|picked|appointed|designated|engaged|retained|hired|adopted|preferred"
    r"|favou?red|substituted|awarded|given|restored|reinstated|confirmed|approved|nominated)"
    r"\s+(?:as|for|to|over|in|by|with|instead|the)\b",
    re.I,
)
"""A verb of choosing in the passive: its subject is what is chosen."""

_FOR = re.compile(
    r"^\W*(?:for|as (?:for|to)|regarding|concerning|about|on|with)\b[^,]*?(?=,|\b(?:we|i|let)\b)",
    re.I,
)
"""What stands before who chooses, and tells for what."""

_LEADS = re.compile(
    r"^\W*(?:(?:no(?=\s*[,.!—–-])|wait|actually|sorry|oh|ok|okay|hmm|well|right|so|and|but|then"
    r"|(?:(?:a )?change of heart|second thou?ghts?|nope|nah|rather"
    r"|(?:i )?(?:you know|tell you) what|come to think of it|(?:having )?(?:thinking"
    r"|thought) (?:about|of) it(?: again| over)?|hm+|ah"
    r"|better|in the end|all things considered)(?=\W)"
    r"|(?:scratch|scrap|forget|strike) that|correction|on second thoughts?|on reflection"
    r"|it'?s official|i(?: have|'ve)? changed my mind|it changed|final(?:ly)?|official(?:ly)?"
    r"|maybe|perhaps|probably|tentatively"
    r"|(?:the |final )?decision|rather|instead|i meant|i mean|make it|let'?s say|definitely"
    r"|confirmed|agreed)\b[\s,:.!—–-]*)+",
    re.I,
)
_REST = re.compile(r"(?P<choice>[\w#$][^,;:.!?()]{1,60}?)" + _END, re.I)
_SAYS = re.compile(
    r"\b(?:is|are|am|was|were|has|have|had|do|does|did|will|would|can|could|should|must|may|might"
    r"|i|we|you|he|she|they|it|nothing|none|nobody|anything|everything|else|problem|thanks|fine)\b"
    r"|n['’]t\b",
    re.I,
)
"""What no fragment that names a choice has in it."""

_REPORTED = re.compile(r"^[^,;:]{3,60}?\bthat\s+(?=(?:the|our|my|your|this)\b)", re.I)
"""What only introduces what is said ("I have to report that the …")."""

_DETERMINERS = PRONOUNS | {"the", "a", "an", "our", "my", "your", "his", "her", "their", "its"}
_PARTICIPLE = re.compile(
    r"(?:been |being )?(?:\w+(?:ed|ing)|known|seen|gone|made|taken|given|written|shown|told|kept"
    r"|held"
    r"|found|left|lost|met|paid|put|read|sent|sold|thought|understood|built|bought|brought|heard"
    r"|forgotten|hidden|meant|spent|stuck|worn|won|driven|proven|proved)",
    re.I,
)
_STORY = re.compile(r"\b(?:plans?|note|mistake|status|reason|fyi|summary|recap)\b", re.I)
"""Labels after which there is a remark rather than a value."""

_TYPED = frozenset({Kind.MONEY, Kind.PERCENT, Kind.WHEN, Kind.STATE, Kind.PLACE})
_MARKS = frozenset({Cue.CORRECTION, Cue.DECISION, Cue.FINAL, Cue.TENTATIVE})


def frame_of(text: str, values: list[Value], cues: frozenset[Cue], *, prose: bool = True) -> Frame:
    """The frame of one clause with these *values* and *cues*.

    *prose* is False for the value of a fact, where a label or a verb of being chooses nothing.
    """
    body, label = text, _LABEL.match(text)
    head = _head(label["head"]) if label else frozenset()
    if label and not head:
        if _STORY.search(label["head"]):
            return Frame()
        body, label = text[label.end("head") + 1 :].lstrip(), None
    reported = _REPORTED.match(body)
    if reported and not label:
        body = body[reported.end() :]
    being = None if label else _BEING.match(body)
    if being and being["head"].split()[0].casefold() not in PRONOUNS:
        head = _head(being["head"])
    verb_at = being.end("head") + len(text) - len(body) if being else 0
    passive = _PASSIVE.match(body)
    if passive and passive["choice"].split()[0].casefold() not in _DETERMINERS:
        return Frame(choice=passive["choice"], chosen=True)
    choosing = _CHOOSING.search(body)
    if choosing and choosing["choice"].casefold() not in PRONOUNS:
        return Frame(
            head,
            stems(_FOR.sub("", body[: choosing.start()])),
            choosing["choice"],
            choosing.group().split()[0],
            chosen=True,
        )
    fronted = _FRONTED.match(body)
    if fronted:
        choice = fronted["winner"] or fronted["taken"] or fronted["better"] or fronted["suits"]
        return Frame(head - frozenset(terms(choice)), choice=choice, chosen=True)
    framed = label or being
    given = _GIVEN.match(body) if framed is None else None
    if given:
        return Frame(choice=given["given"] or given["got"])
    if framed is None:
        rest = _rest(body, values, cues, labelled=body is not text)
        return Frame(head, choice=rest, chosen=bool(rest), fragment=bool(rest))
    if prose and not any(value.kind in _TYPED for value in values):
        choice = framed["choice"].strip()
        choice = "" if _PARTICIPLE.fullmatch(choice) else choice
        return Frame(head, choice=choice, verb_at=verb_at)
    return Frame(head, verb_at=verb_at)


def _head(words: str) -> frozenset[str]:
    return frozenset(terms(words)) - GENERIC - STATE_NOUNS


def _rest(body: str, values: list[Value], cues: frozenset[Cue], *, labelled: bool) -> str:
    """What a marked fragment leaves once its marks are gone ("Scratch that, the blue one")."""
    if values or not cues & _MARKS:
        return ""
    lead = _LEADS.match(body)
    rest = _REST.match(body, lead.end() if lead else 0)
    if (
        rest is None
        or _SAYS.search(rest["choice"])
        or not (lead or labelled)
        or len(rest["choice"].split()) > FRAGMENT_WORDS
    ):
        return ""
    return rest["choice"]
