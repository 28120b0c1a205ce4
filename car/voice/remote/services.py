"""The recognisers that are services, at the addresses that the operator has set."""

from collections.abc import Mapping
from typing import Any

from car.inference.interfaces import IKeySource
from car.voice.remote.deepgram import DeepgramRecogniser
from car.voice.remote.elevenlabs import ElevenLabsRecogniser
from car.voice.remote.openai_realtime import OpenAIRealtimeRecogniser
from car.voice.remote.recogniser import RemoteRecogniser

URL_VARIABLES: Mapping[type[RemoteRecogniser], str] = {
    ElevenLabsRecogniser: "CAR_ELEVENLABS_URL",
    DeepgramRecogniser: "CAR_DEEPGRAM_URL",
    OpenAIRealtimeRecogniser: "CAR_OPENAI_REALTIME_URL",
}
"""The environment's variables with the addresses to use in the place of the services' own."""


def remote_recognisers(
    reactor: Any, keys: IKeySource, environ: Mapping[str, str]
) -> list[RemoteRecogniser]:
    """One of each; *reactor* provides time and TCP."""
    return [kind(reactor, keys, environ.get(variable)) for kind, variable in URL_VARIABLES.items()]
