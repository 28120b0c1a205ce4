"""Words by which people correct what they said: verbs of changing, and the marks of a correction.

Patterns in the verbose form of ``re``; which statements they act on is decided elsewhere.
"""

CHANGING = r"""
    chang(?:e[sd]?|ing) | switch(?:e?s|ed|ing)? | mov(?:e[sd]?|ing) | shift(?:e?s|ed|ing)?
    | push(?:e?s|ed|ing)? | bump(?:e?s|ed|ing)? | swap(?:s|ped|ping)? | updat(?:e[sd]?|ing)
    | revis(?:e[sd]?|ing) | amend(?:e?s|ed|ing)? | reschedul(?:e[sd]?|ing) | relocat(?:e[sd]?|ing)
    | adjust(?:e?s|ed|ing)? | rais(?:e[sd]?|ing) | lower(?:e?s|ed|ing)? | cut
    | increas(?:e[sd]?|ing) | reduc(?:e[sd]?|ing) | bring | brought | drop(?:s|ped|ping)? | set
    | reassign(?:e?s|ed|ing)? | reallocat(?:e[sd]?|ing) | pull(?:e?s|ed|ing)?
    | extend(?:e?s|ed|ing)? | slip(?:s|ped|ping)? | delay(?:e?s|ed|ing)? | postpon(?:e[sd]?|ing)
    | advanc(?:e[sd]?|ing) | convert(?:e?s|ed|ing)?
    | go(?:es)?(?!\ to\ (?:[A-Z]?[a-z]+\ )?[A-Z][a-z]+\ (?:for|with|about|when)\b) | going
    | down(?=\ (?:to|from)\ [\d$€£]) | up(?=\ from\ [\d$€£])
    | (?:is|are|['’]s|now|was|were|go|goes|went|gone|going|put|bring|brought|took|shot|\w+[ei]d)
        \ up(?=\ to\ [\d$€£])
"""
"""Verbs that, with "to", put a value in another's place."""

CORRECTING = rf"""
    \w\W*(?:->|=>|→)\W*\w
    |^\W*sorry\s*[,.!—–-]+\s*\w
    |^\W*not\ (?:so|true|right|correct|quite|exactly)\b\s*[,:.;—–-]
    |^\W*(?:(?:and|but|so|well|oh)\b\W*)*(?:as\ it\ happens|in\ (?:actual\ )?fact|in\ (?:reality
        |truth|actuality)|as\ a\ matter\ of\ fact)\b
    |^\W*(?:i|we)(?:['’]ve|\ have)?\ (?:just\ )?(?:checked|looked|asked|measured|counted
    |verified|rang
        |called|phoned|read)\b[^:,;.]{{0,24}}\b(?:again|back|twice|up)\b
    |^\W*(?:(?:oh|ah|eh|er|um|uh|hm+|well|and|but|so|ok(?:ay)?|right|yeah|you\ know(?:\ what)?)
        \b\W*)*(?:(?:no|nope|nah|rather)\s*[:,.!—–-]+
        |(?:sorry|apologies|pardon(?:\ me)?|hold\ on|hang\ on)\s*[,.!—–-]+
            (?=\s*(?:(?:it|that)['’]s\ |make\ that\ )?[$€£]?\d)
        |no\ wait\b|no\b\W+(?:it|that|the)\b|oops\b|whoops\b|wait\b
        |(?:actually|rather|better)\b(?=\W+(?:[$€£]?\d|\w+\W*$))|actually\s*[:,—–-]
        |or\ rather\b|(?:on\ )?second\ thou?ghts?\b|on\ (?:reflection|balance)\b
        |come\ to\ think\ of\ it\b|(?:having\ )?(?:thinking|thought)\ (?:about|of)\ it
        |(?:a\ )?change\ of\ heart\b|as\ (?:it|things|matters)\ (?:now\ )?stands?\b)\W*\w
    |\b(?:correction|corrigendum|errat(?:um|a)|amendment|typo)\b\s*[,:—–-]
    |\b(?:scratch|strike|disregard|forget|ignore|undo|never\s?mind)\ (?:that|this|it
        |what\ i\ said|my\ (?:last|previous))
    |\bchanged\ (?:my|our)\ minds?\b|\bit(?:'s|\ has)?\ changed\b|\bi\ now\ think\b
        |\bhas\ turned\b
    |\bi\ (?:misspoke|meant\b|was\ wrong|made\ a\ mistake|stand\ corrected)
    |\bmis(?:read|typed|heard|counted|remembered|calculated|stated|quoted|wrote|took|spelt
    |spelled
        |printed|reported|labell?ed|informed|understood)\b
    |\b(?:i|we)(?:['’]ve|['’]d|\ have|\ had|\ must\ have)?\ (?:got|had|gave|given|said|wrote
    |written|quoted|put|noted|told|sent|read|took|taken)\b[^.;:]{{0,25}}\bwrong(?:ly)?\b
    |\b(?:a|my|the|an|our)\ (?:typo|slip|misprint|mix-?up|oversight|miscalculation
        |misunderstanding)\b|\b(?:in\ the\ end|ultimately)\b
    |\bin\ (?:its|their)\ (?:place|stead|lieu)\b
    |\b(?:have|had|has|need|needs|got|going|must|should|shall|can)\ (?:to\ )?(?:call|mark|put
    |set|rate
        |list|flag|record)\ (?:it|this|that)\b
    |\b(?:my\ (?:mistake|bad|apologies)|(?:let|allow)\ (?:me|us)\ (?:to\ )?(?:correct|fix|amend
    |rectify|revise|rephrase|restate)|to\ correct\ (?:that|myself)
        |on\ second\ thou?ghts?)\b
    |\b(?:decid|rul|insist|order|want|say|said|think|see)(?:e|ed|ing|s)?\ (?:otherwise
        |differently|it\ differently)\b|\b(?:bad|sad|good|great|breaking)\ news\b
        |\b(?:on|to)\ the\ contrary\b
    |\d.*[,;]\s*(?:the\ )?same\ \w+\W*$|^\W*(?:the\ )?same\ \w+\W*[,;:].*\d
    |\b(?:change|slight\ change)\ of\ plans?\b|\bplans?\ (?:have\ )?changed\b|\bnew\ plan\b
    |\binstead\b|\brather\ than\b|\bno\ longer\b|\bnot\ .{{2,40}}\bbut\b
    |\b(?:{CHANGING})\b(?:\s+[\w'\#&/$€£%.,-]+){{0,7}}?\s+to\ (?!(?:be|do|check|get|see)\b)
    |\b(?:became|has\ (?:since\ |now\ )?become|ended\ up|started\ (?:out\ )?as|began\ as
        |i'?d\ rather|would\ rather|after\ all)\b
    |\b(?:scrap|drop|cancel|skip)\ (?:that|this|it)\b\W+\w
    |\b(?:revert(?:ed|ing)?|go(?:ing)?\ back|return(?:ed|ing)?|roll(?:ed|ing)?\ back
        |back)\ to\b
    |\bmake\ (?:it|that|this)\b(?!\ (?:work|happen|clear|easy|easier|possible|sure|to|up
        |better|worse|a\ point|so|more|less|through))|\blet'?s\ (?:do|try|make
        |say)\b(?!\ (?:that|we|they|you|hypothetically))
    |\breplac(?:e|ed|ing)\b.{{1,60}}\b(?:with|by)\b
    |\b(?:should|ought\ to)\ (?:actually\ )?(?:be|read|have\ been)\b|\bturn(?:s|ed)?\ out\b
    |\b(?:it
        |that|this)\ (?:has|needs)\ to\ be\b|^\W*(?:after|new)\s*:
    |\bnow\b\W*$|^\W*(?:and\ |but\ |so\ )?now,?\ (?:the|it|we|our|is|that)\b
    |\b(?:is|are|it'?s|that'?s|will)\ now\b
    |\bnow\ (?:is|requires?|needs?|costs?|stands|at|reads|set|will|due)\b
    |\bas\ of\ (?:today|now|this|yesterday|\w+day)\b|\beffective\ (?:immediately|today|now
        |\w+)\b|\bfrom\ now\ on\b|\bgoing\ forward\b
    |\b(?:new|changed?\ of|different)\ (?:\w+\ )?(?:location|venue|date|time|room|price
        |deadline|owner|lead|target|plan)\b|\bchange\ of\ venue\b
    |\b(?:the\ )?(?:actual|correct|right|true|real|revised|updated|new|corrected)\ (?:value
        |figure|number|amount|date|time|price|one|answer|total|entry|reading|version|wording
        |information|data|state|position|count|rate|statement|reality|situation)\b
    |\bwhat(?:['’]s|\ is)\ (?:actually\ |really\ |in\ fact\ )?(?:true|right|correct|so|accurate
        |the\ case|meant)\b
    |\bthe\ (?:truth|fact)\ is\b
    |\boverrid(?:e|es|ing|den)\b|\boverr(?:ode|ule[sd]?|uling)\b|\boverturn(?:ed|ing)?\b
    |\d\s?(?:%|percent|per\ cent)\ (?:increase|raise|hike|rise|jump|surge|cut|reduction|drop
        |decrease
        |fall|more|less|higher|lower|up|down)\b
    |\bhas\ (?:been\ )?(?:changed|moved|updated|revised|shifted)\b|\bannounced\b.*\bto\b
"""
"""What takes back something said before ("no wait", "scratch that", "make it")."""
