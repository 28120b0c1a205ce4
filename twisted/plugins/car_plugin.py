"""Makes ``twistd car`` known; nothing here imports the daemon until it is chosen."""

from twisted.application.service import ServiceMaker

car = ServiceMaker(
    "Common Agent Runtime",
    "car.tap",
    "The Common Agent Runtime daemon: proposals, policies and tools over WebSocket.",
    "car",
)
