"""The root of every failure this package raises on purpose."""


class CarError(Exception):
    """A failure whose message is a sentence for the client or the operator.

    Packages derive their own classes from it.  Anything that is not a ``CarError`` is
    a defect of ours: it is logged with its traceback and told as "internal error".
    """
