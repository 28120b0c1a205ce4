"""Tests of car.voice.remote: what all services have in common, with each of them."""

from car.voice.remote.deepgram import DeepgramRecogniser
from car.voice.remote.elevenlabs import ElevenLabsRecogniser
from car.voice.remote.openai_realtime import OpenAIRealtimeRecogniser
from tests.voice.remote import common
from tests.voice.remote.standins.deepgram import DeepgramConversation
from tests.voice.remote.standins.elevenlabs import ElevenLabsConversation
from tests.voice.remote.standins.openai import OpenAIConversation


class ElevenLabsSessionTests(common.CommonCase):
    """ElevenLabs."""

    recogniser = ElevenLabsRecogniser
    conversation = ElevenLabsConversation


class DeepgramSessionTests(common.CommonCase):
    """Deepgram."""

    recogniser = DeepgramRecogniser
    conversation = DeepgramConversation


class OpenAISessionTests(common.CommonCase):
    """OpenAI."""

    recogniser = OpenAIRealtimeRecogniser
    conversation = OpenAIConversation
