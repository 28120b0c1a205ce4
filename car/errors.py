"""The root of every failure this package raises on purpose, and the one about settings."""


class CarError(Exception):
    """A failure whose message is a sentence for the client or the operator.

    Packages derive their own classes from it.  Anything that is not a ``CarError`` is
    a defect of ours: it is logged with its traceback and told as "internal error".
    """


class SettingsError(CarError):
    """A setting that cannot be honoured; the message names it and what would be right."""
