"""``lease.*``: who may act for an agent, for how long, under which epoch.

The holder is the device, the lease that of ``agent:<agent_id>``.
"""

from typing import Annotated

from msgspec import Meta, Struct

from car.ir.json import JsonObject
from car.server.registry import method
from car.server.session import ClientSession
from car.server.stores import Stores, stores_of
from car.store.records import Lease
from car.sync.intents import Epoch, Name, lease_name

TtlMs = Annotated[int, Meta(ge=1, le=86_400_000)]
"""How long a lease lasts without renewal: up to a day [ours]."""


class Acquisition(Struct, frozen=True):
    """A lease to take."""

    agent_id: Name
    ttl_ms: TtlMs = 30_000


class Renewal(Struct, frozen=True):
    """A lease to keep."""

    agent_id: Name
    epoch: Epoch
    ttl_ms: TtlMs = 30_000


class HeldLease(Struct, frozen=True):
    """A lease to give back."""

    agent_id: Name
    epoch: Epoch


class AgentLease(Struct, frozen=True):
    """The lease of an agent."""

    agent_id: Name


@method("lease.acquire")
async def lease_acquire(session: ClientSession, params: Acquisition) -> JsonObject:
    """Take the lease of an agent for this device.

    Result: ``{agent_id, holder, epoch, expires_at_ms}``; the epoch grows with every acquire,
    also by the device that has it already, and never comes again.  Errors: -32603 with
    ``data.code`` ``held`` while another device has it, ``store`` when it cannot be kept.
    """
    stores = stores_of(session)
    device_id = await stores.sync.device_id()
    name = lease_name(params.agent_id)
    return _told(params.agent_id, await stores.leases.acquire(name, device_id, _ttl(params.ttl_ms)))


@method("lease.renew")
async def lease_renew(session: ClientSession, params: Renewal) -> JsonObject:
    """Keep a lease from now on, also past its expiry if nobody else took it.

    Result: the lease.  Errors: -32603 ``Lost: …`` with ``data.code`` ``lost``.
    """
    stores = stores_of(session)
    lease = await _held(stores, params.agent_id, params.epoch)
    return _told(params.agent_id, await stores.leases.renew(lease, _ttl(params.ttl_ms)))


@method("lease.release")
async def lease_release(session: ClientSession, params: HeldLease) -> JsonObject:
    """Give a lease back.

    Result: ``{released: true}``.  Errors: -32603 ``Lost: …`` with ``data.code`` ``lost``.
    """
    stores = stores_of(session)
    await stores.leases.release(await _held(stores, params.agent_id, params.epoch))
    return {"released": True}


@method("lease.status")
async def lease_status(session: ClientSession, params: AgentLease) -> JsonObject:
    """Who has the lease of an agent.

    Result: ``{lease}``, null where nobody has it or it has expired.
    """
    lease = await stores_of(session).leases.status(lease_name(params.agent_id))
    return {"lease": None if lease is None else _told(params.agent_id, lease)}


async def _held(stores: Stores, agent_id: str, epoch: int) -> Lease:
    """The lease that a client says this device has."""
    return Lease(lease_name(agent_id), await stores.sync.device_id(), epoch, 0.0)


def _told(agent_id: str, lease: Lease) -> JsonObject:
    return {
        "agent_id": agent_id,
        "holder": lease.holder,
        "epoch": lease.epoch,
        "expires_at_ms": round(lease.expires_at * 1000),
    }


def _ttl(milliseconds: int) -> float:
    return milliseconds / 1000
