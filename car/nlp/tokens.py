"""A text as words and marks, for counting and comparing; models have tokens of their own."""

import re

_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]"  # no blanks part words there: each sign is one
    r"|[^\W\u3040-\u30ff\u3400-\u9fff]+(?:['’.\-][^\W\u3040-\u30ff\u3400-\u9fff]+)*"
    r"|[^\w\s]"
)


def tokenize(text: str) -> list[str]:
    """The words of *text*, with what joins them inside, and each mark by itself."""
    return [found[0] for found in _TOKEN.finditer(text)]
