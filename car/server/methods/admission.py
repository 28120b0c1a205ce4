"""``admission.status``: the gate before local inference."""

from car.ir.json import JsonObject
from car.server.registry import NoParams, method
from car.server.session import ClientSession


@method("admission.status")
def admission_status(session: ClientSession, params: NoParams) -> JsonObject:
    """How many inferences run and wait, and how many may.

    Result: as ``AdmissionGate.status`` gives it.
    """
    return session.state.admission.status()
