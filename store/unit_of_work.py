"""One request or job, one transaction; only the unit of work commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from domain.context import SYSTEM, Actor, Clock, system_clock
from domain.errors import CannotAnswer
from store.alerts import AlertRepository
from store.audit import AuditRepository
from store.deliveries import DeliveryRepository
from store.embeddings import EmbeddingRepository
from store.engine import reading, writing
from store.events import EventRepository
from store.idempotency import IdempotencyRepository
from store.jobs import JobRepository
from store.journal import Journal
from store.keys import KeyRepository
from store.match_runs import MatchRunRepository
from store.model_checks import ModelCheckRepository
from store.recommendation_feedback import RecommendationFeedbackRepository
from store.repository import Repository
from store.scores import ScoreRepository
from store.sessions import SessionRepository, TryRepository
from store.users import UserRepository
from store.webhooks import WebhookRepository


class UnitOfWork:
    """A transaction and the repositories inside it: kept on a clean exit, undone on an exception.

    Parameters
    ----------
    engine : Engine
        Of the store.
    actor : Actor, default=SYSTEM
        On whose behalf; a partner sees its own rows only.
    clock : callable, default=system_clock
        The time of changes.
    read_only : bool, default=False
        See one unchanging snapshot and write nothing. On SQLite, where there is one writer at a time, a unit
        of work that may write waits for the one that does; one that only reads never waits.
    currency : str, optional
        Currency of new rows that name none.

    Raises
    ------
    CannotAnswer
        If another writer holds a SQLite store for longer than the busy timeout.
    """

    def __init__(
        self,
        engine: Engine,
        actor: Actor = SYSTEM,
        clock: Clock = system_clock,
        *,
        read_only: bool = False,
        currency: str | None = None,
    ) -> None:
        self.engine = engine
        self.actor = actor
        self.clock = clock
        self.read_only = read_only
        self.currency = currency
        self._connection: Connection | None = None
        self._repositories: dict[str, Repository] = {}

    def __enter__(self) -> Self:
        connection = self.engine.connect()
        try:
            (reading if self.read_only else writing)(connection).begin()
        except OperationalError as error:
            connection.close()
            raise CannotAnswer("The store is busy or cannot be reached; try again in a moment.") from error
        self._connection = connection
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection = self.connection
        with connection:
            if kind is None:
                if "journal" in self.__dict__ and not self.read_only:  # nothing happened before somebody asked for it
                    self.journal.flush()
                connection.commit()
            else:
                connection.rollback()
        self._connection = None
        if kind is None and self.read_only:
            self._write_readings()

    def _write_readings(self) -> None:
        """Write down what was read, in a transaction of its own: this one could not."""
        if "journal" not in self.__dict__ or self.journal.is_empty:
            return
        with UnitOfWork(self.engine, self.actor, self.clock) as work:
            work.journal.take(self.journal)

    @property
    def connection(self) -> Connection:
        """The connection, inside the transaction."""
        if self._connection is None:
            raise RuntimeError("a unit of work is used inside its 'with' block only")
        return self._connection

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Do a part of the work that may fail by itself: an exception undoes what was done inside, and goes on."""
        mark = self.journal.mark()
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            self.journal.rewind(mark)
            raise

    def repository(self, resource: str) -> Repository:
        """Return the repository of a resource by its public name."""
        if resource not in self._repositories:
            self._repositories[resource] = Repository(
                self.connection,
                resource,
                self.actor,
                self.clock,
                currency=self.currency,
                on_change=self.journal.changed,
            )
        return self._repositories[resource]

    @cached_property
    def journal(self) -> Journal:
        """What happened in this transaction: audit trail and events."""
        return Journal(self.connection, self.actor, self.clock)

    @cached_property
    def audit(self) -> AuditRepository:
        """The audit trail: to read, verify and erase from; it is written through `journal`."""
        return AuditRepository(self.connection, self.actor, self.clock)

    @cached_property
    def events(self) -> EventRepository:
        """Events that other systems may read; they are written through `journal`."""
        return EventRepository(self.connection, self.actor, self.clock)

    @cached_property
    def alerts(self) -> AlertRepository:
        """What asks for a person's attention."""
        return AlertRepository(self.connection, self.actor, self.clock)

    @cached_property
    def webhooks(self) -> WebhookRepository:
        """Addresses that are told of events."""
        return WebhookRepository(self.connection, self.clock)

    @cached_property
    def deliveries(self) -> DeliveryRepository:
        """Events on their way to webhooks."""
        return DeliveryRepository(self.connection, self.clock)

    @cached_property
    def keys(self) -> KeyRepository:
        """API keys."""
        return KeyRepository(self.connection, self.clock)

    @cached_property
    def users(self) -> UserRepository:
        """People who sign in."""
        return UserRepository(self.connection, self.clock)

    @cached_property
    def sessions(self) -> SessionRepository:
        """Who is signed in."""
        return SessionRepository(self.connection, self.clock)

    @cached_property
    def sign_in_tries(self) -> TryRepository:
        """Who tries to sign in."""
        return TryRepository(self.connection, self.clock)

    @cached_property
    def jobs(self) -> JobRepository:
        """Background jobs."""
        return JobRepository(self.connection, self.clock)

    @cached_property
    def scores(self) -> ScoreRepository:
        """Fit and churn scores."""
        return ScoreRepository(self.connection, self.clock)

    @cached_property
    def match_runs(self) -> MatchRunRepository:
        """Match decisions."""
        return MatchRunRepository(self.connection, self.clock)

    @cached_property
    def model_checks(self) -> ModelCheckRepository:
        """What nightly checks of the models found."""
        return ModelCheckRepository(self.connection, self.clock)

    @cached_property
    def embeddings(self) -> EmbeddingRepository:
        """Text vectors."""
        return EmbeddingRepository(self.connection)

    @cached_property
    def recommendation_feedback(self) -> RecommendationFeedbackRepository:
        """What partners did with recommendations."""
        return RecommendationFeedbackRepository(self.connection, self.clock)

    @cached_property
    def idempotency(self) -> IdempotencyRepository:
        """Answers to creating requests."""
        return IdempotencyRepository(self.connection, self.clock)
