"""Clearance words: the closed classes of words that markers of who may read are made of.

Compiled for this project from ordinary English; what they do is told in ``clearances``.
"""

LIMITING_WORDS = """
    only alone internal internally circle eyes ears clearance access audience upwards upward
    higher restrict limit reserve exclusive sole solely strictly private privately keep kept stay
    hush belong meant intend hide hidden vis visible visibility viewable readable distribution
    circulation circulate disclosure disclose embargo confine minimum min withhold acl reader
    viewer recipient addressee gate guard protect shield privy off-limits bar block fence wall
    quiet mum wraps sealed lid vault accessible classification sensitivity purely permission
    perm privacy prohibit forbid forbidden lock locked gated ringfence withheld conceal insider
    proprietary closed-door entitled dissemination disseminate need-to-know ineligible invisible
    inaccessible compartment compartmented siloed silo masked screened shut zip zipped viewing
    allowlist whitelist ringfencing undisclosed nondisclosure
"""
BOUNDING_WORDS = """
    within among amongst between inside outside beyond below under beneath above over
"""
SECRET_WORDS = """
    restricted confidential confidence confidentiality classified secret secrecy privileged
    sensitive embargoed need-to-know hush-hush
"""
DENYING_WORDS = """
    nobody no-one none no not never nothing except excepting excluding exclude save unless besides
    without don't mustn't isn't aren't cannot can't won't shouldn't doesn't non
"""
INFORMATION_WORDS = """
    see seen read hear heard know known tell told show shown share eye ear hand lip access
    audience clearance cleared visible visibility viewable readable view disclosure disclose
    distribution distribute circulation circulate circle information info material reserve limited
    closed meant intend entitle keep kept stay hide hidden internal pass forward repeat mention
    discuss leak spread reveal talk speak get go goes leave travel reach quote copy send sent
    publish print discretion discreet acl whisper gossip reader viewer detail data intel word
    accessible classification sensitivity permission perm privacy recipient addressee
    intelligence secrecy dissemination disseminate expose gated private need-to-know learn slip
    lips viewing invisible inaccessible zipped privy off-limits withhold withheld conceal intended
"""
SMALL_WORDS = """
    scope session sessions meeting round table closed
    for the to of a an and or one be is are was this that it these those else other on in at by
    with from as must may can shall should will would do does please pls kindly than who may's
    give given open available address left department team staff member people person anybody
    anyone anything everybody everyone any all every group matter note item topic subject line
    content message text following up grade level rank rung seniority position title most least
    seal us ourselves we you your our wide wider general public further more junior let so here
    there remain treat handle top very highly need require basis allow permit permission have has
    holder hold role office colleague but just it's that's um uh er okay ok yes use out part point
    mark label now still stuff thing piece bit you're we're if nor far before kind sort fine right
    really too also room door behind tier soul mouth goes folk folks crowd lot types gang stop
    look away skip close farther breathe caller asker requester listener forget saw past business
    floor which whom whoever class category tag flag purpose personnel next first grades ranks
    levels rights want anywhere elsewhere committee circles body required needed necessary belongs
    cover hands upwardly listed named below tell protected guard vetted dept crew function
    customer slip word key desk itself themselves himself hat loop upstairs owner tagged pocket
    chest vest veil curtain lips tight safe box drawer file folder squeak peep owned unit units
    off upper duties their circulars attn cc recipient addressed one's this's what's here's over
    find aware yours
"""
DRAWING_WORDS = """
    only alone solely exclusively strictly restricted limited reserved confined nobody no-one none
    never not don't mustn't cannot can't won't shouldn't except unless exclusive confidential
    secret keep stays kept barred excluded off-limits
"""
GROUP_WORDS = """
    lead leader senior supervisor officer employee executives ceos cfos ctos coos officers
    partners investors shareholders supervisors seniors founders counsels suite vps svps evps veep
    exco c-levels chiefs trustee superior superiors comp
"""
OUTSIDER_WORDS = """
    contractor intern vendor consultant guest external outsider client freelancer temp supplier
    visitor trainee apprentice
"""
TOPIC_WORDS = """
    data information risk strategy product products business growth quality project account
    accounts delivery research people design resources relations development platform revenue
    infrastructure software hardware technology technical program programme chain supply audit
    regional global national security
"""
MEMBER_WORDS = """
    team teams staff dept department people folks personnel member members group
"""
