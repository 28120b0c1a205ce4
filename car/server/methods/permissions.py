"""``permissions.*``: what the operating system lets this daemon do.

On Linux a domain is what the machine has: nothing asks the user.  Tiers and the approvals
of actions are another matter.
"""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from car.ir.json import JsonObject
from car.server import surroundings
from car.server.errors import InvalidParams
from car.server.registry import NoParams, method
from car.server.session import ClientSession
from car.server.surroundings import Surroundings

DOMAINS = (
    "browser",
    "contacts",
    "calendar",
    "mail",
    "accessibility",
    "screen_capture",
    "automation",
    "camera",
    "microphone",
    "health_read",
)
"""The domains in the reference's order (``subsystem-host.md``)."""


class UnknownDomain(InvalidParams):
    """A permission domain that there is not: told with the machine code."""

    code = "invalid_domain"


class Domain(Struct, frozen=True):
    """One domain; the bundle is told back, as only macOS has any."""

    domain: str
    target_bundle_id: str | None = None


class _Probe(NamedTuple):
    """How a domain is looked at on Linux, and what to say where it is denied."""

    granted: Callable[[Surroundings], bool]
    missing: str
    fix: str


_PROBES: dict[str, _Probe] = {
    "browser": _Probe(
        lambda here: here.has_browser,
        "No Chromium was found.",
        "Install Chromium (Debian: apt install chromium) or set CAR_CHROME to its path.",
    ),
    "screen_capture": _Probe(
        lambda here: here.has_display,
        "DISPLAY and WAYLAND_DISPLAY are unset, so there is no screen to capture.",
        "Start the daemon inside a desktop session, or under Xvfb.",
    ),
    "camera": _Probe(
        lambda here: here.has_camera,
        "No video device can be read.",
        "Plug in a camera and join the video group: sudo usermod -aG video $USER",
    ),
    "microphone": _Probe(
        lambda here: here.has_microphone,
        "No recording device can be read, and no sound server is running.",
        "Start PipeWire or PulseAudio, or join the audio group: sudo usermod -aG audio $USER",
    ),
}


class Finding(NamedTuple):
    """The status of a domain, a sentence about it, and what would help, if anything."""

    status: str
    message: str
    fix: str | None = None


def finding(domain: str, here: Surroundings) -> Finding:
    """How things stand with *domain* on the machine *here*; raises UnknownDomain."""
    if domain not in DOMAINS:
        raise UnknownDomain(
            f"domain: unknown permission domain '{domain:.100}'; known are {', '.join(DOMAINS)}"
        )
    if here.platform == "darwin":
        return Finding("unknown", "This daemon does not ask macOS for permissions.")
    probe = _PROBES.get(domain) if here.platform == "linux" else None
    if probe is None:
        return Finding("not_applicable", f"There is no such permission on {here.name}.")
    if probe.granted(here):
        return Finding("granted", "Available to this daemon.")
    return Finding("denied", probe.missing, probe.fix)


@method("permissions.status", "permissions.request")
def permissions_status(session: ClientSession, params: Domain) -> JsonObject:
    """Whether a domain is open to this daemon; ``permissions.request`` never prompts.

    Params: ``domain``, ``target_bundle_id?``.  Result: ``{domain, status,
    target_bundle_id}``, the status one of ``granted``, ``denied``, ``not_applicable`` and,
    on macOS, ``unknown``.  Errors: -32602 with ``data.code = "invalid_domain"``.
    """
    return {
        "domain": params.domain,
        "status": finding(params.domain, surroundings.HERE).status,
        "target_bundle_id": params.target_bundle_id,
    }


@method("permissions.explain")
def permissions_explain(session: ClientSession, params: Domain) -> JsonObject:
    """The status of a domain in words, and what would change it.

    Params: ``domain``, ``target_bundle_id?``.  Result: ``{domain, status, message, fix,
    target_bundle_id}``, the fix null where there is none.  Errors: as for
    ``permissions.status``.
    """
    found = finding(params.domain, surroundings.HERE)
    return {
        "domain": params.domain,
        "status": found.status,
        "message": found.message,
        "fix": found.fix,
        "target_bundle_id": params.target_bundle_id,
    }


@method("permissions.domains")
def permissions_domains(session: ClientSession, params: NoParams) -> JsonObject:
    """The domains there are.

    Result: ``{domains: [name]}``.
    """
    return {"domains": list(DOMAINS)}
