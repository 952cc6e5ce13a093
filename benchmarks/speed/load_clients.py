"""Clients of a served programme: each reads, writes and asks for matches, thinks in between, and checks what it got."""

import asyncio
import random
import time
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

TIMEOUT_SECONDS = 60.0
_WEIGHTS = {
    "list of leads": 10,
    "list of partners": 8,
    "one partner": 14,
    "partners at risk": 6,
    "prospects ranked": 5,
    "overview": 5,
    "activity posted": 18,
    "deal registered": 5,
    "deal changed": 5,
    "lead routed": 12,
    "retry": 4,
}
"""What a client does next, and how often. A lead that is routed is created, matched, offered and answered."""

_WORDS = (
    "cloud retail factory bank hospital school logistics energy security data migration network branch fleet".split()
)


@dataclass
class Record:
    """What all clients saw.

    Attributes
    ----------
    seconds : dict of list of float
        Time to answer by kind of request.
    statuses : Counter
        By kind of request and status.
    wrong : list of str
        Answers that were not what they should be, and requests without one.
    written : Counter
        Rows that the service said it wrote, by resource.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    written: Counter[str] = field(default_factory=Counter)

    def check(self, right: bool, what: str) -> None:
        """Note what is wrong."""
        if not right:
            self.wrong.append(what)


@dataclass(frozen=True)
class Ground:
    """What of the programme clients ask about."""

    partners: list[str]
    products: list[str]
    programs: list[str]
    kinds: list[str]


class Client:
    """One of many, with its own connection and its own leads and deals."""

    def __init__(self, http: httpx.AsyncClient, ground: Ground, record: Record, seed: int) -> None:
        self._http = http
        self._ground = ground
        self._record = record
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._deals: list[tuple[str, int]] = []
        self._last: tuple[str, str, Any, str, Any] | None = None
        self._steps: dict[str, Callable[[], Awaitable[None]]] = {
            "list of leads": self._list_leads,
            "list of partners": self._list_partners,
            "one partner": self._one_partner,
            "partners at risk": self._at_risk,
            "prospects ranked": self._prospects,
            "overview": self._overview,
            "activity posted": self._activity,
            "deal registered": self._register,
            "deal changed": self._change_deal,
            "lead routed": self._route_lead,
            "retry": self._retry,
        }

    async def live(self, until: float, think_seconds: float) -> None:
        """Ask and think in turns until a time of the monotonic clock."""
        await asyncio.sleep(self._random.uniform(0, think_seconds))
        while time.monotonic() < until:
            await self.step(self._random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0])
            await asyncio.sleep(self._random.expovariate(1 / think_seconds))

    async def step(self, name: str) -> None:
        """Do one thing."""
        await self._steps[name]()

    async def _ask(self, kind: str, method: str, path: str, expected: tuple[int, ...] = (200,), **more: Any) -> Any:
        """Return an answer's body; None where there was none or a status that was not expected."""
        began = time.perf_counter()
        try:
            answer = await self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            self._record.statuses[kind, 0] += 1
            self._record.wrong.append(f"{kind}: {type(error).__name__} {error}")
            return None
        self._record.seconds.setdefault(kind, []).append(time.perf_counter() - began)
        self._record.statuses[kind, answer.status_code] += 1
        self._record.check(answer.status_code in expected, f"{kind}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.status_code in expected else None

    async def _create(self, kind: str, path: str, body: Any, status: int = 201, also: tuple[int, ...] = ()) -> Any:
        """Create something under a key of its own, which a later retry repeats."""
        key = uuid.UUID(int=self._random.getrandbits(128)).hex
        made = await self._ask(kind, "POST", path, (status, *also), json=body, headers={"Idempotency-Key": key})
        if made is not None and "code" not in made:
            self._last = (kind, path, body, key, made)
            self._record.written[path] += 1
            return made
        return None

    async def _retry(self) -> None:
        """Send the last creating request again: the first answer comes, nothing is created."""
        if self._last is None:
            return
        kind, path, body, key, made = self._last
        again = await self._ask("retry", "POST", path, (200, 201), json=body, headers={"Idempotency-Key": key})
        self._record.check(again is None or again == made, f"retry of {kind}: another answer")

    async def _list_leads(self) -> None:
        page = await self._ask("list of leads", "GET", "/v1/leads", params={"limit": 50, "sort": "-created_at"})
        self._record.check(page is None or len(page["items"]) == 50, "list of leads: short")

    async def _list_partners(self) -> None:
        page = await self._ask("list of partners", "GET", "/v1/partners", params={"limit": 50, "status": "active"})
        self._record.check(
            page is None or all(row["status"] == "active" for row in page["items"]), "list of partners: others"
        )

    async def _one_partner(self) -> None:
        wanted = self._random.choice(self._ground.partners)
        found = await self._ask("one partner", "GET", f"/v1/partners/{wanted}")
        self._record.check(found is None or found["external_id"] == wanted, "one partner: another")

    async def _at_risk(self) -> None:
        found = await self._ask("partners at risk", "GET", "/v1/churn-risk", params={"limit": 25})
        self._record.check(found is None or len(found["items"]) > 0, "partners at risk: none")

    async def _prospects(self) -> None:
        found = await self._ask("prospects ranked", "GET", "/v1/prospects/ranking", params={"limit": 25})
        self._record.check(found is None or len(found["items"]) > 0, "prospects ranked: none")

    async def _overview(self) -> None:
        found = await self._ask("overview", "GET", "/v1/analytics/overview")
        self._record.check(found is None or len(found["figures"]) > 0, "overview: no figures")

    async def _activity(self) -> None:
        partner = self._random.choice(self._ground.partners)
        body = {"partner": partner, "kind": self._random.choice(self._ground.kinds), "occurred_at": _now()}
        made = await self._create("activity posted", "/v1/activities", body)
        self._record.check(made is None or made["partner"] == partner, "activity posted: another partner")

    async def _register(self) -> None:
        name = self._name()
        body = {
            "partner": self._random.choice(self._ground.partners),
            "company": f"{self._words(2)} {name}",
            "country": "DE",
            "product": self._random.choice(self._ground.products),
            "amount": self._random.randint(1_000, 90_000),
            "external_id": name,
        }
        made = await self._create("deal registered", "/v1/registrations", body)
        if made is not None:
            self._deals.append((made["deal"]["external_id"], made["deal"]["row_version"]))

    async def _change_deal(self) -> None:
        if not self._deals:
            await self._register()
            return
        place = self._random.randrange(len(self._deals))
        deal, version = self._deals[place]
        amount = self._random.randint(1_000, 90_000)
        headers = {"If-Match": f'"{version}"'}
        made = await self._ask("deal changed", "PATCH", f"/v1/deals/{deal}", json={"amount": amount}, headers=headers)
        if made is not None:
            self._deals[place] = (deal, made["row_version"])
            self._record.check(float(made["amount"]) == amount, "deal changed: another amount")

    async def _route_lead(self) -> None:
        """Create a lead, ask who should get it, offer it to the first, and answer for that partner."""
        name = self._name()
        body = {
            "external_id": name,
            "created_at": _now(),
            "company": f"{self._words(2)} {name}",
            "country": self._random.choice(("DE", "FR", "BR", "US", "PL")),
            "product": self._random.choice(self._ground.products),
            "program": self._random.choice(self._ground.programs),
            "description": f"{self._words(9)} for site {name[-6:]}",
        }
        if await self._create("lead created", "/v1/leads", body) is None:
            return
        found = await self._create("match", "/v1/match", {"lead_id": name, "limit": 10}, status=200)
        if found is None or not found["candidates"]:
            return
        ranked = found["candidates"]
        self._record.check([row["rank"] for row in ranked] == list(range(1, len(ranked) + 1)), "match: not ranked")
        offer = {"lead": name, "partner": ranked[0]["partner"], "match_id": found["match_id"]}
        made = await self._create(
            "lead offered", "/v1/assignments", offer, also=(409,)
        )  # the partner has its hands full
        if made is not None:
            said = self._random.choice(("accept", "decline"))
            answer = await self._ask("offer answered", "POST", f"/v1/assignments/{made['id']}/{said}")
            self._record.check(answer is None or answer["response"] == f"{said}ed".replace("ee", "e"), "another answer")

    def _words(self, many: int) -> str:
        return " ".join(self._random.choices(_WORDS, k=many))

    def _name(self) -> str:
        return f"load-{self._random.getrandbits(64):016x}"


def _now() -> str:
    return datetime.now(UTC).isoformat()


STEPS = tuple(_WEIGHTS)
"""What a client may do."""
