"""Tests of car.ir.choices."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from twisted.trial.unittest import SynchronousTestCase

from car.ir.choices import choice_sentence, choices_at
from car.ir.json import RecordError, convert

Level = Literal["low", "high"]


class Circle(Struct, tag="circle"):
    radius: int


class Square(Struct, tag="square", rename={"fill": "filled"}):
    side: int
    fill: Level = "low"


class Drawing(Struct):
    level: Level
    levels: list[Level] = []
    by_name: dict[str, Annotated[Level, Meta(description="how much")]] = {}
    pair: tuple[Level, Literal[1, 2]] = ("low", 1)
    shape: Circle | Square | None = None
    shapes: list[Circle | Square] = []
    mixed: Literal["auto"] | Circle | UnsetType | None = UNSET
    name: str = ""


class ChoicesTests(SynchronousTestCase):
    """choices_at: what may stand at a place."""

    def test_places(self) -> None:
        """Members, arrays, objects, tuples, tags, and members of what a tag chose."""
        for place, choices in (
            (".level", ["high", "low"]),
            (".levels[3]", ["high", "low"]),
            (".by_name[...]", ["high", "low"]),
            (".pair[1]", ["high", "low", 1, 2]),
            (".shape.type", ["circle", "square"]),
            (".shapes[0].type", ["circle", "square"]),
            (".shapes[0].filled", ["high", "low"]),
            (".mixed", ["auto"]),
            (".mixed.type", ["circle"]),
        ):
            self.assertEqual(choices_at(Drawing, place), choices, place)

    def test_anything(self) -> None:
        """Where anything of a kind may stand, or nothing, there is no list."""
        for place in (".name", ".shape.radius", ".shape", ".nothing", ".name[0].x", ""):
            self.assertEqual(choices_at(Drawing, place), [], place)
        self.assertEqual(choices_at(None, ".level"), [])

    def test_whole(self) -> None:
        """The type itself may be the choice."""
        self.assertEqual(choice_sentence(Level, ""), '; it must be "high" or "low"')
        self.assertEqual(choice_sentence(Literal["a"], ""), '; it must be "a"')

    def test_errors(self) -> None:
        """Every refusal of msgspec's names what would be right."""
        for value, sentence in (
            ({"level": "mid"}, 'level: invalid enum value \'mid\'; it must be "high" or "low"'),
            (
                {"level": "low", "shapes": [{"type": "line"}]},
                'shapes[0].type: invalid value \'line\'; it must be "circle" or "square"',
            ),
            (
                {"level": "low", "by_name": {"a.b": "mid"}},
                'by_name[...]: invalid enum value \'mid\'; it must be "high" or "low"',
            ),
            (
                {"level": "low", "mixed": "x"},
                "mixed: invalid enum value 'x'; it must be \"auto\"",
            ),
            (
                {"level": "x - at `$.y"},
                'level: invalid enum value \'x - at `$.y\'; it must be "high" or "low"',
            ),
            ({"level": 3}, "level: expected `str`, got `int`"),
        ):
            problem = self.assertRaises(RecordError, convert, value, Drawing)
            self.assertEqual(str(problem), sentence)
        problem = self.assertRaises(RecordError, convert, "mid", Level)
        self.assertEqual(str(problem), 'invalid enum value \'mid\'; it must be "high" or "low"')
