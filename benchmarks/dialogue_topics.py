"""What the people of ``dialogues.py`` live through: topics, as they are told and asked for."""

from collections.abc import Sequence

import msgspec


class Topic(msgspec.Struct, frozen=True):
    """A kind of thing that happens.

    *told*: how it is brought up, ``{when}`` for the time.  *thing*: what the two call it later.
    *asked*: a question's verb phrase, base form, from near to far in its words.  *details* are
    the answers to *detail_question*, given in *detail_turns*.
    """

    told: Sequence[str]
    thing: str
    asked: Sequence[str]
    places: Sequence[str]
    detail_question: str
    details: Sequence[str]
    detail_turns: Sequence[str]


def _topic(
    told: str, thing: str, asked: str, places: str, question: str, details: str, detail_turns: str
) -> Topic:
    cut = [part.split("|") for part in (told, asked, places, details, detail_turns)]
    return Topic(cut[0], thing, cut[1], cut[2], question, cut[3], cut[4])


HALVES: tuple[tuple[Topic, ...], tuple[Topic, ...]] = (
    (
        _topic(
            "I finally signed up for a pottery class {when}.|{when} I sat at a potter's wheel for"
            " the first time!|Guess who made a clay bowl {when}.",
            "pottery class",
            "sign up for a pottery class|take up pottery|start working with clay",
            "the studio on Mill Lane|the community centre|a barn outside town",
            "What did {name} make in the pottery course?",
            "a blue mug|a lopsided vase|a soup bowl|a plate with a fish on it",
            "It ended up being {value}, believe it or not.|I came home with {value}.",
        ),
        _topic(
            "My dog had to see the vet {when}, poor thing.|We were at the animal hospital {when}.",
            "trip to the vet",
            "bring the dog to the vet|take the dog to the animal hospital|have the pet looked at",
            "the clinic near the station|Dr. Moreno's practice",
            "What was wrong with {name}'s dog?",
            "an ear infection|a thorn in his paw|a sprained leg|too many stolen cookies",
            "Turned out to be {value}.|They said it was {value}, nothing worse.",
        ),
        _topic(
            "I ran my first half marathon {when}!|{when} I did that long race I trained for.",
            "race",
            "run the half marathon|take part in the long race|compete in a running event",
            "Lisbon|the lake shore|Vancouver",
            "What was {name}'s finishing time in the race?",
            "1:58|2:11|two hours and three minutes|just under 1:50",
            "The clock said {value} at the line.|{value}, and I could barely walk after.",
        ),
        _topic(
            "I bought a used guitar {when}.|So, {when} I came home with an old acoustic.",
            "guitar",
            "buy the guitar|bring home an acoustic guitar|get a new instrument",
            "a flea market|the shop below the library|an estate sale",
            "How much did {name} pay for the guitar?",
            "$140|$85|about 200 dollars|$320",
            "The man wanted more but let it go for {value}.|{value}, case included.",
        ),
        _topic(
            "We threw a surprise party for my sister {when}.|My sister turned thirty {when} and"
            " had no idea we were all waiting.",
            "party",
            "surprise the sister with a party|hold the birthday party|celebrate a sibling",
            "our parents' garden|the rooftop of her building|a bowling alley",
            "What gift did {name} give at the birthday party?",
            "a telescope|a framed map|concert tickets|a hand-knit sweater",
            "I'd been hiding {value} in the closet for weeks.|She cried when she saw {value}.",
        ),
        _topic(
            "I handed in my notice {when}.|{when} I told my boss I am leaving.",
            "job",
            "hand in the notice|leave the job|resign from work",
            "the accounting firm|the hotel chain|the hospital",
            "Why did {name} leave the job?",
            "the endless night shifts|a manager who never listened|wanting to study again",
            "Honestly, it was {value}.|{value} - that was the last straw.",
        ),
        _topic(
            "We planted a vegetable garden {when}.|{when} I got my hands dirty and put in beds"
            " behind the house.",
            "garden",
            "plant the vegetable garden|put in beds|start growing food",
            "behind the garage|an allotment by the canal|the balcony",
            "Which plants does {name} grow?",
            "tomatoes and basil|pumpkins|beans and lettuce|strawberries",
            "Mostly {value}, since the soil is sandy.|I went with {value} to begin with.",
        ),
        _topic(
            "I adopted a kitten {when}!|{when} a tiny furball moved in with me.",
            "kitten",
            "adopt the kitten|get the kitten|get a pet",
            "the shelter on Pine Street|a farm|a neighbour",
            "What is {name}'s cat called?",
            "Biscuit|Luna|Professor|Mango",
            "I call her {value}.|She answers to {value}, sometimes.",
        ),
    ),
    (
        _topic(
            "I went camping in the mountains {when}.|{when} we slept in a tent under the stars.",
            "camping trip",
            "go camping in the mountains|sleep in a tent|spend a night outdoors",
            "Yosemite|the Blue Ridge|a valley in Tyrol",
            "Which animal did {name} see on the camping trip?",
            "a black bear|a family of deer|an owl|a fox cub",
            "In the morning {value} stood right by our fire.|We spotted {value}, so close!",
        ),
        _topic(
            "I gave a talk at a school {when} about my transition to teaching.|{when} I stood in"
            " front of two hundred pupils and spoke.",
            "talk",
            "give the talk at a school|speak in front of pupils|present to the students",
            "Lincoln High|the girls' school in Riverton|my old school",
            "What did {name} talk about in the speech?",
            "following your own pace|online safety|why failure helps|the history of bridges",
            "My subject was {value}.|I talked about {value} and they were all ears.",
        ),
        _topic(
            "I passed my driving test {when}.|{when} I got my licence at last!",
            "driving test",
            "pass the driving test|get the licence|pass the road exam",
            "the test centre in Ashford|downtown|the county seat",
            "How many attempts did {name} need for the driving licence?",
            "three tries|only one go|two attempts|five rounds",
            "It took me {value}.|{value}, if you must know.",
        ),
        _topic(
            "My grandmother taught me her recipe {when}.|{when} grandma and I cooked all day.",
            "recipe",
            "learn the recipe from the grandmother|cook all day with grandma|learn to cook",
            "her kitchen in Naples|the farm|my flat",
            "What dish did {name} learn to cook?",
            "lasagna|pierogi|fish stew|walnut cake",
            "We made {value} from scratch.|Now I can do {value} in my sleep.",
        ),
        _topic(
            "I started therapy {when}.|{when} I talked to a counselor for the first time.",
            "therapy",
            "start therapy|talk to a counselor|begin seeing a therapist",
            "a small office by the park|online|the health centre",
            "What helps {name} to calm down?",
            "writing a journal|long walks|breathing exercises|painting",
            "What works best is {value}.|She suggested {value} and it does wonders.",
        ),
        _topic(
            "My car broke down {when}.|{when} the engine just died on me.",
            "car",
            "have the car break down|have the engine die|need a tow truck",
            "the highway to Denver|a tunnel|the middle of nowhere",
            "How much was the repair of {name}'s car?",
            "$600|$1,250|nearly 900 dollars|$75",
            "The mechanic charged {value}.|It set me back {value}.",
        ),
        _topic(
            "We visited an art museum {when}.|{when} I spent hours looking at paintings.",
            "museum",
            "visit the art museum|look at paintings|see the exhibition",
            "Chicago|the old power station|Amsterdam",
            "Which artwork impressed {name} the most?",
            "a wall of sunflowers|a portrait of a blind girl|the glass sculptures",
            "{value} gave me goosebumps.|I stood before {value} for half an hour.",
        ),
        _topic(
            "I volunteered at the homeless shelter {when}.|{when} I served meals to people without"
            " a home.",
            "shelter",
            "volunteer at the homeless shelter|serve meals to people|help out at a charity",
            "St. Mark's church|the harbour kitchen|the east side",
            "Whom did {name} befriend while volunteering?",
            "an old sailor named Gus|a retired teacher|a young mother called Tess",
            "I got talking with {value}.|{value} told me a story I won't forget.",
        ),
    ),
)
