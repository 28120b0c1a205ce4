"""Methods that the reference has and this daemon will not (``protocol.md`` §12).

They are told apart from methods that nobody knows, so that a client does not take one for
a typo.
"""

from car.ir.json import JsonObject, JsonValue
from car.server.errors import Unsupported
from car.server.registry import NoParams, method
from car.server.session import ClientSession

_SIGN_IN = "it has no accounts of the vendor's to sign in to"
_VENDOR_CLOUD = "it has no connection to the vendor's cloud"
_VENDOR_OAUTH = "sign-in of this kind is hosted by the vendor; give the provider's API key instead"
_HOST_APP = "this transport belongs to the vendor's host app on macOS"
_PICTURES = "none of the models it can run makes pictures"
_CATALOGUE = "it has no hosted catalogue of models"

REASONS: dict[str, str] = {
    **dict.fromkeys(
        (
            "auth.accounts",
            "auth.complete",
            "auth.completion_status",
            "auth.logout",
            "auth.remove_account",
            "auth.snapshot",
            "auth.start",
            "auth.status",
            "auth.switch_account",
            "auth.switch_org",
        ),
        _SIGN_IN,
    ),
    **dict.fromkeys(("parslee.auth", "parslee.m365.generate_document"), _VENDOR_CLOUD),
    **dict.fromkeys(
        (
            "openai_codex.auth_cancel",
            "openai_codex.auth_start",
            "openai_codex.sign_out",
            "openai_codex.status",
            "openrouter.auth_cancel",
            "openrouter.auth_start",
            "openrouter.disconnect",
            "openrouter.status",
        ),
        _VENDOR_OAUTH,
    ),
    **dict.fromkeys(
        (
            "messaging.config.get",
            "messaging.config.set",
            "messaging.pairing.start",
            "messaging.pairing.status",
            "messaging.status",
            "messaging.test_send",
        ),
        _HOST_APP,
    ),
    **dict.fromkeys(("image.generate", "video.generate"), _PICTURES),
    **dict.fromkeys(("concierge.ask", "concierge.refresh_catalog"), _CATALOGUE),
    "mobile.runtime": "it does not pair with the vendor's phone app",
    "models.route_provenance": "it has no aliases of models that the vendor manages",
}
"""The methods, each with the reason."""


def _register(name: str, reason: str) -> None:
    def unsupported(session: ClientSession, params: JsonValue) -> None:
        raise Unsupported(f"{name} is not supported by this daemon: {reason}")

    unsupported.__doc__ = f"Not supported: {reason}.\n\nErrors: -32603, always."
    method(name)(unsupported)


for _name, _reason in REASONS.items():
    _register(_name, _reason)


@method("parslee.capabilities")
def parslee_capabilities(session: ClientSession, params: NoParams) -> JsonObject:
    """What the vendor's cloud would offer: nothing, as nobody is signed in.

    Result: ``{authenticated: false, hint}``.
    """
    return {"authenticated": False, "hint": f"This daemon cannot sign in: {_VENDOR_CLOUD}."}
