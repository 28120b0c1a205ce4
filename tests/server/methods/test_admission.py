"""Tests of admission.status."""

from tests.server.doubles import ServerCase


class AdmissionStatusTests(ServerCase):
    """admission.status"""

    def test_status(self) -> None:
        """Permits in all, free and in use; the variable that overrides them."""
        client = self.peer()
        free = client.call("admission.status")
        self.assertEqual((free["permits_total"], free["permits_available"]), (1, 1))
        permit = self.successResultOf(self.state.admission.acquire())
        taken = client.call("admission.status")
        self.assertEqual((taken["permits_available"], taken["permits_in_use"]), (0, 1))
        permit.release()
        self.assertEqual(client.call("admission.status"), free)
