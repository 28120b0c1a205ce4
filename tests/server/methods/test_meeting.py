"""``meeting.*`` over connections, with voices, a memory and a model that a test plays."""

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, succeed
from zope.interface.verify import verifyObject

from car.inference.engine import InferenceEngine
from car.inference.records import Completion
from car.inference.runner import DelegatedRunner
from car.ir.json import JsonObject, decode
from car.meeting.files import MeetingFiles
from car.meeting.records import MeetingMetadata
from car.server.interfaces import ISessionBound
from car.voice.records import KnownSpeaker, Role
from tests.inference.test_engine import HERE, Generator, Models, Texts
from tests.server.doubles import QueuedThread, SameThread
from tests.server.voice_doubles import VoiceCase, VoicePeer

PUSHED: JsonObject = {"kind": "pcm_push", "sample_rate": 16_000}
STARTED = "2026-03-04T04:53:20.000000Z"


class MeetingCase(VoiceCase):
    """A client of a daemon with a directory for meetings."""

    def setUp(self) -> None:
        self.root = Path(self.mktemp()).absolute()
        super().setUp()
        self.client = self.voice_peer()
        self.addCleanup(self.end)

    def serve(self, **settings: Any) -> None:
        """As VoiceCase does, with meetings under the test's root."""
        super().serve(meetings_root=self.root, **settings)
        self.models, self.model = Models(), Generator()
        engine = InferenceEngine(
            self.models,
            local=self.model,  # type: ignore[arg-type]  # the interfaces are zope's
            remote=self.model,  # type: ignore[arg-type]
            runner=DelegatedRunner(self.clock),
            texts=Texts(),  # type: ignore[arg-type]
            embed_remote=lambda model, texts: succeed([]),
            local_gate=self.state.admission.acquire,
            remote_gate=self.state.admission.acquire,
            clock=self.clock,
            now=self.state.now,
        )
        vars(self.state.inference).update(engine=engine, models=self.models)

    def end(self) -> None:
        """Let go of every file."""
        self.state.meetings.registry.stop_all()
        for _ in range(20):
            self.later(1)

    def hold(self, client: VoicePeer | None = None, **params: Any) -> JsonObject:
        """The metadata of a meeting that has begun."""
        result: JsonObject = (client or self.client).call(
            "meeting.start", {"audio_source": PUSHED, **params}
        )
        return result

    def say(self, text: str, who: Role = "unknown") -> None:
        """Somebody says something, and is understood."""
        self.hearing.speak(0, 900)
        self.recogniser.opened[-1].texts[-1].callback(text)
        self.speakers.session.roles[-1].callback(who)
        self.later()

    def stopped(self, client: VoicePeer, meeting_id: str, **params: Any) -> JsonObject:
        """The result of a stop."""
        result: JsonObject = self.result_of(
            client, "meeting.stop", {"meeting_id": meeting_id, **params}
        )
        return result


class StartTests(MeetingCase):
    """``meeting.start``."""

    def test_result(self) -> None:
        """The metadata; audio is pushed under the meeting's id, speakers are told apart."""
        metadata = self.hold(title="Budget", language="en", options={"partials": False})
        self.assertRegex(metadata["id"], "[0-9a-f]{32}")
        self.assertEqual(
            metadata,
            {
                "id": metadata["id"],
                "title": "Budget",
                "started_at": STARTED,
                "ended_at": None,
                "sources": ["pcm_push"],
                "persist_audio": False,
                "model": None,
                "language": "en",
                "summary": None,
            },
        )
        options = self.recogniser.options[0]
        self.assertEqual((options.diarize, options.partials, options.language), (True, False, "en"))
        other = self.voice_peer()
        pushed = {"session_id": metadata["id"], "pcm_b64": "AAAAAA=="}
        self.assertEqual(other.call("voice.transcribe_stream.push", pushed)["bytes"], 4)

    def test_named_sources(self) -> None:
        """Microphone and system audio by name; one twice is refused."""
        metadata = self.hold(audio_source=None, sources=["mic", "system"], diarize=False)
        self.assertEqual(metadata["sources"], ["mic", "system"])
        self.assertEqual([options.diarize for options in self.recogniser.options], [False, False])
        asked = {"sources": ["mic"], "audio_source": {"kind": "mic", "device": "usb"}}
        error = self.client.error("meeting.start", asked)
        self.assertIn("'mic' is one of the sources already", error["message"])

    def test_refused(self) -> None:
        """Texts and codes; nothing is left."""
        for params, code, text in (
            ({}, "invalid_request", "sources must contain at least one of: mic, system"),
            ({"audio_source": PUSHED, "id": ".."}, "invalid_request", "meeting id '..' must be"),
            (
                {"audio_source": PUSHED, "root": "projects"},
                "invalid_request",
                "root: expected an absolute path, not 'projects'",
            ),
            ({"audio_source": PUSHED, "provider": "acme"}, "unknown_provider", "acme"),
        ):
            error = self.client.error("meeting.start", params)
            self.assertEqual((error["code"], error["data"]), (-32603, {"code": code}))
            self.assertIn(text, error["message"])
        for wrong in ({"sources": ["tv"]}, {"audio_source": PUSHED, "options": {"vad": 7}}):
            self.assertEqual(self.client.error("meeting.start", wrong)["code"], -32602)
        self.assertEqual(self.client.call("meeting.list")["ids"], [])
        self.assertEqual(self.client.call("voice.sessions.list"), {"sessions": []})

    def test_client_that_goes(self) -> None:
        """A client that goes while its meeting starts leaves none behind."""
        self.recogniser.opening = [Deferred()]
        self.client.send("meeting.start", {"audio_source": PUSHED})
        self.assertEqual(len(self.voice_peer().call("meeting.list")["ids"]), 1)
        self.client.lose()
        for _ in range(3):
            self.later()
        self.assertEqual(self.voice_peer().call("meeting.list")["ids"], [])


class ChainTests(MeetingCase):
    """Memory, disk and client."""

    def test_chain(self) -> None:
        """A line is in memory, in the transcript and told to the client, as the others are not."""
        witness = self.voice_peer()
        metadata = self.hold()
        self.say("The budget is four hundred thousand.", KnownSpeaker(speaker="ada", score=0.91))
        told = self.client.events()
        self.assertEqual({event["session_id"] for event in told}, {metadata["id"]})
        self.assertEqual(told[-1]["event"]["role"], {"speaker": "ada", "score": 0.91})
        self.assertEqual(witness.events(), [])
        (line,) = self.client.call("meeting.get", {"meeting_id": metadata["id"]})["transcript"]
        self.assertEqual((line["speaker"], line["seq"], line["final"]), ("ada", 1, True))
        (hit,) = self.client.call("memory.query", {"query": "what is the budget"})
        self.assertEqual((hit["subject"], hit["kind"]), ("ada", "conversation"))
        self.assertEqual(witness.call("memory.query", {"query": "what is the budget"}), [])

    def test_strangers(self) -> None:
        """Who is not enrolled is named by meeting and source in memory, shortly on the disk."""
        metadata = self.hold(id="weekly")
        self.say("The deadline is Friday.", KnownSpeaker(speaker="S1"))
        self.say("The room is blue.")
        subjects = {
            self.client.call("memory.query", {"query": word, "k": 1})[0]["subject"]
            for word in ("deadline", "room")
        }
        self.assertEqual(subjects, {"meeting:weekly:pcm_push:S1", "meeting:weekly:pcm_push"})
        record = self.client.call("meeting.get", {"meeting_id": metadata["id"]})
        self.assertEqual(
            [one["speaker"] for one in record["transcript"]], ["pcm_push:S1", "pcm_push"]
        )

    def test_starter_leaves(self) -> None:
        """Its memory is fed and its transcript written on; any other client may stop it."""
        self.serve(shared_memgine=":memory:")
        client, other = self.voice_peer(), self.voice_peer()
        metadata = self.hold(client)
        client.lose()
        self.say("The owl is nocturnal.")
        self.assertEqual(len(other.call("memory.query", {"query": "owl"})), 1)
        record = self.stopped(other, metadata["id"], summarize=False)
        self.assertEqual([one["text"] for one in record["transcript"]], ["The owl is nocturnal."])
        self.assertEqual(other.call("voice.sessions.list"), {"sessions": []})


class NamespaceTests(MeetingCase):
    """A memory that is kept."""

    def test_memory_outlives_starter(self) -> None:
        """The meeting holds on to the namespace's memory, which others share meanwhile."""
        self.serve(state_dir=Path(self.mktemp()).absolute())
        client = self.voice_peer()
        self.bind(client)
        metadata = self.hold(client)
        client.lose()
        self.say("The owl is nocturnal.")
        other = self.voice_peer()
        self.bind(other)
        self.assertEqual(len(other.call("memory.query", {"query": "owl"})), 1)
        self.say("The lark is not.")
        self.assertEqual(
            other.call("memory.query", {"query": "lark"})[0]["body"], "The lark is not."
        )
        self.stopped(other, metadata["id"], summarize=False)
        other.lose()
        self.assertEqual(self.state.memories.opened(), [])

    def bind(self, client: VoicePeer) -> None:
        """Give a connection the memory of the namespace."""
        self.result_of(client, "session.auth", {"memory_namespace": "team"})


class StopTests(MeetingCase):
    """``meeting.stop``."""

    def test_summary(self) -> None:
        """A model is asked once; its words are in the result and in the files."""
        self.models.models = [HERE]
        metadata = self.hold()
        self.say("Grace sends the report by Friday.", KnownSpeaker(speaker="ada", score=0.9))
        self.client.new()
        id = self.client.send("meeting.stop", {"meeting_id": metadata["id"]})
        self.later()
        ((_, request, _, answer),) = self.model.calls
        self.assertEqual(request.prompt, "00:00 ada: Grace sends the report by Friday.")
        answer.callback(Completion("## Decisions\nnone"))
        self.later()
        result = next(frame["result"] for frame in self.client.new() if frame.get("id") == id)
        self.assertEqual(result["summary"], "## Decisions\nnone")
        self.assertNotIn("summary_error", result)
        self.assertEqual(len(result["transcript"]), 1)
        directory = self.root / metadata["id"]
        self.assertEqual((directory / "summary.md").read_text(), "## Decisions\nnone\n")
        stored = decode((directory / "meeting.json").read_bytes())
        self.assertEqual((stored["summary"], stored["ended_at"]), (result["summary"], STARTED))

    def test_no_model(self) -> None:
        """It stops all the same."""
        metadata = self.hold()
        self.say("Anything.")
        result = self.stopped(self.client, metadata["id"])
        self.assertEqual(result["summary"], None)
        self.assertEqual(result["summary_error"], "no model available: no usable model")

    def test_unknown(self) -> None:
        """The text of the reference."""
        error = self.client.error("meeting.stop", {"meeting_id": "x"})
        self.assertEqual(error["message"], "stop_meeting: meeting id 'x' is not active")
        self.assertEqual(error["data"], {"code": "not_found"})

    def test_service(self) -> None:
        """A daemon that stops stores its meetings."""
        verifyObject(ISessionBound, self.state.meetings)
        metadata = self.hold()
        self.say("Anything.")
        stopping = self.state.meetings.stopService()
        self.later()
        self.successResultOf(stopping)
        self.assertEqual(MeetingFiles(self.root).read(metadata["id"]).ended_at, STARTED)


class StoredTests(MeetingCase):
    """``meeting.list`` and ``meeting.get``."""

    def test_list(self) -> None:
        """All three keys; those of another root apart."""
        self.assertEqual(
            self.client.call("meeting.list"),
            {"meetings": [], "ids": [], "root": str(self.root)},
        )
        metadata = self.hold(id="here")
        project = str(Path(self.mktemp()).absolute())
        there = self.hold(id="there", root=project)
        listed = self.client.call("meeting.list")
        self.assertEqual(listed, {"meetings": [metadata], "ids": ["here"], "root": str(self.root)})
        for root in (project, f"{project}/.car/meetings"):
            listed = self.client.call("meeting.list", {"root": root})
            self.assertEqual(listed, {"meetings": [there], "ids": ["there"], "root": root})
        self.assertEqual(
            self.client.call("meeting.list", {"root": str(self.root)})["ids"], ["here"]
        )

    def test_get(self) -> None:
        """The record, also of one under way; what is not there is told."""
        metadata = self.hold(id="m")
        asked = {"meeting_id": "m"}
        self.assertEqual(self.client.call("meeting.get", asked), {**metadata, "transcript": []})
        error = self.client.error("meeting.get", {"meeting_id": "x"})
        self.assertEqual(
            error["message"],
            f"no meeting 'x' under {self.root}; meeting.list shows the stored ones",
        )
        error = self.client.error("meeting.get", {"meeting_id": "../m"})
        self.assertEqual(error["data"], {"code": "invalid_request"})

    def test_without_root(self) -> None:
        """A server that keeps no meetings of its own wants to be told where."""
        self.state.meetings._root = None
        error = self.client.error("meeting.list")
        self.assertIn("root: this server keeps no meetings", error["message"])

    def test_recovery(self) -> None:
        """Meetings that were cut off are closed: at the start, or when their root is named."""
        project = Path(self.mktemp()).absolute()
        for root in (self.root, project / ".car" / "meetings"):
            MeetingFiles(root).create(MeetingMetadata(id="cut", started_at=STARTED)).close()
        self.state.startService()
        for asked in ({}, {"root": str(project)}):
            (metadata,) = self.client.call("meeting.list", asked)["meetings"]
            self.assertEqual(metadata["ended_at"], STARTED)

    def test_list_while_recovering(self) -> None:
        """A list that is asked for while meetings are being closed waits, whatever thread is
        quickest."""
        MeetingFiles(self.root).create(MeetingMetadata(id="cut", started_at=STARTED)).close()
        self.clock.pool = pool = QueuedThread()
        self.addCleanup(setattr, self.clock, "pool", SameThread())
        self.state.startService()
        self.client.send("meeting.list")
        while pool.work:
            pool.work.reverse()
            pool.run()
        self.later()
        (answer,) = self.client.new()
        (metadata,) = answer["result"]["meetings"]
        self.assertEqual(metadata["ended_at"], STARTED)
