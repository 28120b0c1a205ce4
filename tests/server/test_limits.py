"""Tests of car.server.limits."""

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from car.errors import SettingsError
from car.server.limits import FIXED, Limits


class LimitsTests(SynchronousTestCase):
    """The limits, their overrides, and how they are shown."""

    def test_every_limit_can_be_set(self) -> None:
        """Each limit takes a value of its kind, and nothing else changes."""
        for name, default in msgspec.structs.asdict(Limits()).items():
            changed = Limits().with_overrides([f"{name}={default * 2}"])
            self.assertEqual(getattr(changed, name), default * 2)
            self.assertIs(type(getattr(changed, name)), type(default))
            self.assertEqual(msgspec.structs.replace(changed, **{name: default}), Limits())

    def test_last_override_wins(self) -> None:
        """A limit given twice has its last value."""
        limits = Limits().with_overrides(["state_keys=5", "state_keys=7"])
        self.assertEqual(limits.state_keys, 7)

    def test_no_retries(self) -> None:
        """Retries alone may be none at all."""
        self.assertEqual(Limits().with_overrides(["retries_per_action=0"]).retries_per_action, 0)

    def test_shown(self) -> None:
        """server.limits answers every limit, the decoder's own among them."""
        shown = Limits().as_dict()
        self.assertEqual(shown["message_bytes"], 16 * 1024 * 1024)
        self.assertEqual(shown["json_nesting"], 256)
        self.assertEqual(len(shown), len(Limits.__struct_fields__) + len(FIXED))

    def assert_refused(self, override: str, sentence: str) -> None:
        problem = self.assertRaises(SettingsError, Limits().with_overrides, [override])
        self.assertEqual(str(problem)[: len(sentence)], sentence)

    def test_unknown(self) -> None:
        """An unknown name is answered by the nearest one and all there are."""
        self.assert_refused(
            "tool_timeut=3",
            "limit 'tool_timeut' is unknown; did you mean 'tool_timeout'? the limits are: opening_",
        )
        self.assert_refused("zzz=3", "limit 'zzz' is unknown; the limits are: opening_timeout,")

    def test_out_of_range(self) -> None:
        """A value that is no such number is refused with what would be right."""
        for text in ("0", "-1", "1.5", "many", ""):
            self.assert_refused(
                f"max_connections={text}",
                f"limit 'max_connections' must be a whole number, 1 or more, not '{text}'",
            )
        for text in ("0", "inf", "nan", "soon"):
            self.assert_refused(
                f"tool_timeout={text}",
                "limit 'tool_timeout' must be a number of seconds above 0, a year at most, "
                f"not '{text}'",
            )

    def test_form(self) -> None:
        """What is no NAME=VALUE is told so."""
        self.assert_refused("tool_timeout", "limit 'tool_timeout' must be written NAME=VALUE")

    def test_fixed(self) -> None:
        """The decoder's own limits cannot be set."""
        self.assert_refused("json_nesting=9", "limit 'json_nesting' is fixed at 256")
