"""Speak to a stand-in with a service's own SDK; run by ``test_sdks`` where the SDKs are.

Arguments: the service, the stand-in's port, the key.  Standard input is audio in the service's
rate.  Printed is a JSON list of (class of the SDK's, text) for each message that came, in order,
each checked against the SDK's own class.
"""

import asyncio
import base64
import json
import sys
from importlib import import_module
from typing import Any

CHUNK = 6_400
SECONDS = 20.0

Heard = list[tuple[str, Any]]


async def elevenlabs(port: str, key: str, pcm: bytes) -> Heard:
    """Scribe: chunks and a commit."""
    connecting = import_module("elevenlabs.realtime.connection")
    scribe = import_module("elevenlabs.realtime.scribe")
    events = connecting.RealtimeEvents
    heard: Heard = []
    committed = asyncio.Event()
    options = {
        "model_id": "scribe_v2_realtime",
        "audio_format": scribe.AudioFormat.PCM_16000,
        "sample_rate": 16_000,
        "commit_strategy": scribe.CommitStrategy.MANUAL,
    }
    client = scribe.ScribeRealtime(api_key=key, base_url=f"ws://127.0.0.1:{port}")
    connection = await client.connect(options)
    for event in events:
        connection.on(event, lambda data=None, event=event: heard.append((event.value, data)))
    connection.on(events.COMMITTED_TRANSCRIPT, lambda data: committed.set())
    for at in range(0, len(pcm), CHUNK):
        await connection.send({"audio_base_64": base64.b64encode(pcm[at : at + CHUNK]).decode()})
    await connection.commit()
    await committed.wait()
    await connection.close()
    return [(name, (data or {}).get("text")) for name, data in heard]


async def deepgram(port: str, key: str, pcm: bytes) -> Heard:
    """Listen: audio, KeepAlive, Finalize, CloseStream."""
    socket, web = f"ws://127.0.0.1:{port}", f"http://127.0.0.1:{port}"
    environment = import_module("deepgram.environment").DeepgramClientEnvironment(
        base=web, production=socket, agent=socket, agent_rest=web
    )
    client = import_module("deepgram").AsyncDeepgramClient(api_key=key, environment=environment)
    options = {
        "model": "nova-3",
        "encoding": "linear16",
        "sample_rate": 16_000,
        "channels": 1,
        "interim_results": "true",
        "punctuate": "true",
        "endpointing": "false",
    }
    heard: Heard = []
    async with client.listen.v1.connect(**options) as connection:
        await connection.send_keep_alive()
        for at in range(0, len(pcm), CHUNK):
            await connection.send_media(pcm[at : at + CHUNK])
        await connection.send_finalize()
        await connection.send_close_stream()
        while not heard or heard[-1][0] != "ListenV1Metadata":
            message = await connection.recv()
            checked = type(message).model_validate_json(message.model_dump_json())
            text = None
            if hasattr(checked, "channel"):
                text = checked.channel.alternatives[0].transcript
            heard.append((type(message).__name__, text))
    return heard


async def openai(port: str, key: str, pcm: bytes) -> Heard:
    """A transcription session: update, append, commit."""
    heard: Heard = []
    sound = {
        "format": {"type": "audio/pcm", "rate": 24_000},
        "transcription": {"model": "gpt-live-transcribe"},
        "turn_detection": None,
    }
    client = import_module("openai").AsyncOpenAI(
        api_key=key, base_url=f"http://127.0.0.1:{port}/v1"
    )
    query = {"intent": "transcription"}
    async with client.realtime.connect(extra_query=query) as connection:
        await connection.session.update(
            session={"type": "transcription", "audio": {"input": sound}}
        )
        for at in range(0, len(pcm), CHUNK):
            audio = base64.b64encode(pcm[at : at + CHUNK]).decode()
            await connection.input_audio_buffer.append(audio=audio)
        await connection.input_audio_buffer.commit()
        async for event in connection:
            checked = type(event).model_validate(event.to_dict())
            text = getattr(checked, "delta", None) or getattr(checked, "transcript", None)
            heard.append((type(event).__name__, text))
            if event.type.endswith(".completed"):
                break
    return heard


def main() -> None:
    """Run the one that is asked for."""
    service, port, key = sys.argv[1:]
    talk = {"elevenlabs": elevenlabs, "deepgram": deepgram, "openai": openai}[service]
    pcm = sys.stdin.buffer.read()
    print(json.dumps(asyncio.run(asyncio.wait_for(talk(port, key, pcm), SECONDS))))


if __name__ == "__main__":
    main()
