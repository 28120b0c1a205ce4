"""Titles: the words by which offices, roles and departments are called.

Compiled for this project from ordinary business English.  What rank they give is left to
``authority``; who is meant by them in a text, to ``dialogue.sources``.
"""

_OFFICE_WORDS = """
    ceo cfo cto coo cio chro ciso cmo cpo cro cso cdo clo cao chief president vp svp evp avp vice
    director directors dir board head manager mgr managing executive exec chairman chairwoman
    chair founder counsel principal partner c-suite c-level c_level leadership management minister
    governor mayor dean superintendent commander captain
"""
_PERSON_WORDS = """
    engineer architect developer designer analyst specialist representative contractor consultant
    advisor adviser contributor subordinate intern trainee apprentice accountant bookkeeper clerk
    technician operator administrator coordinator planner buyer auditor attorney lawyer paralegal
    secretary treasurer supervisor foreman officer scientist researcher recruiter editor producer
    teacher nurse doctor professor employee worker chiefs managers executives employees vps
"""
_ROLE_WORDS = """
    lead leader team senior sr junior jr staff support owner customer client external eng
    dev rep agent consulting individual ic peer admin associate assistant member committee deputy
    acting interim vendor supplier user
"""
_DEPARTMENT_WORDS = """
    hr it sales finance legal engineering marketing product products operations ops security
    compliance compensation procurement payroll accounting audit research design data platform
    infrastructure software hardware people human resources relations success business
    development technical technology information revenue growth strategy risk quality account
    accounts project program programme delivery logistics supply chain regional global national
    cs fin mktg revops bizops devops
"""
OFFICES = frozenset(_OFFICE_WORDS.split())
"""Titles that by themselves say who decides."""

PERSONS = frozenset(_PERSON_WORDS.split())
"""Titles that do so beside a name ("Engineer Ida")."""

ROLES = frozenset(_ROLE_WORDS.split())
"""Titles that do so only beside a name that is set off from them ("Ida, support")."""

TITLES = OFFICES | PERSONS | ROLES
DEPARTMENTS = frozenset(_DEPARTMENT_WORDS.split())
