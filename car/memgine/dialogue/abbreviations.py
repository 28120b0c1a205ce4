"""Abbreviations: the short forms of everyday office English, and the words they stand for.

"mtg" is a meeting and "qty" a quantity wherever the subjects of two statements are compared.
A closed table: forms that are words of their own ("fin", "est", "no") are not in it.
"""

from collections.abc import Callable

_TABLE = """
    acct account, addr address, amt amount, appr approval, appt appointment, attn attention,
    auth authentication, avail available,
    biz business, cfg configuration, config configuration, cust customer,
    db database, deliv delivery, dept department, dev development, doc document, docs document,
    eng engineering, engs engineer, env environment, hw hardware, impl implementation,
    info information, loc location, mgmt management, mgr manager, mkt market, mktg marketing,
    msg message, mtg meeting, mtgs meeting, ops operations, pkg package, pkgs package,
    prio priority, prj project, proj project, pymt payment, qtr quarter, qty quantity,
    req request, reqd required, reqs requirement, rsrc resource, sched schedule, sess session,
    subj subject, svc service, svcs service, sw software, tkt ticket, upd update, whse warehouse
"""


def written_out(term: Callable[[str], str]) -> dict[str, str]:
    """The stems of the short forms, each with that of its word; *term* stems a word."""
    pairs = (pair.split() for pair in _TABLE.split(","))
    return {term(short): term(long) for short, long in pairs}
