"""Everything that can go wrong, as one tree.

::

    AllywiseError                 code, message, details
    |-- InvalidInput              the caller's data is wrong             invalid_input
    |   |-- ImportRejected        an import folder has problems          import_rejected
    |   |-- UnknownReference      names a row that is not there          unknown_reference
    |   `-- BadCursor             a page cursor that we did not issue    bad_cursor
    |-- NotAuthenticated          no key, or an unknown one              not_authenticated
    |-- NotAllowed                known caller, wrong role               not_allowed
    |-- TooManyRequests           too many tries, wait                   too_many_requests
    |-- NotFound                  no such row, or none the caller sees   not_found
    |-- Conflict                  the row exists or is in use            conflict
    |   `-- IdempotencyMismatch   same key, other body                   idempotency_mismatch
    |-- StaleVersion              If-Match does not match                stale_version
    |-- CannotAnswer              nothing can answer now, retry later    cannot_answer
    |-- ArtefactInvalid           a model file is not what it claims     artefact_invalid
    |-- FeatureSetMismatch        model and features do not fit          feature_set_mismatch
    |-- TrainingImpossible        too little data to fit anything        training_impossible
    |-- GateFailed                promotion refused by the gates         gate_failed
    `-- StoreNotReady             schema missing or of another version   store_not_ready

No status codes here: ``api/problems.py`` maps classes to HTTP, ``cli`` maps them to exit statuses.
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class AllywiseError(Exception):
    """Root of all errors that the service raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong, where, and what would be right, for a person.
    **details : Any
        Machine-readable facts (field, value, ids); JSON-serialisable.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, Any] = details


class InvalidInput(AllywiseError):
    """The caller's data is wrong."""

    code = "invalid_input"


class ImportRejected(InvalidInput):
    """An import folder has problems; nothing of it was kept."""

    code = "import_rejected"


class UnknownReference(InvalidInput):
    """A reference names a row that is not there."""

    code = "unknown_reference"


class BadCursor(InvalidInput):
    """A page cursor that this service did not issue for this list."""

    code = "bad_cursor"


class NotAuthenticated(AllywiseError):
    """No key was given, or an unknown, revoked or expired one."""

    code = "not_authenticated"


class NotAllowed(AllywiseError):
    """The caller is known but its role does not permit this."""

    code = "not_allowed"


class TooManyRequests(AllywiseError):
    """Too many tries; ``details["retry_after"]`` says after how many seconds another is right."""

    code = "too_many_requests"


class NotFound(AllywiseError):
    """No such row, or none that the caller may see."""

    code = "not_found"


class Conflict(AllywiseError):
    """The row exists already, or is still in use."""

    code = "conflict"


class IdempotencyMismatch(Conflict):
    """An idempotency key was used before with another body."""

    code = "idempotency_mismatch"


class StaleVersion(AllywiseError):
    """The row has changed since the caller read it."""

    code = "stale_version"


class CannotAnswer(AllywiseError):
    """Nothing can answer now; retrying later is right."""

    code = "cannot_answer"


class ArtefactInvalid(AllywiseError):
    """A stored model is not what its manifest claims."""

    code = "artefact_invalid"


class FeatureSetMismatch(AllywiseError):
    """The features at hand are not those that the model was fitted on."""

    code = "feature_set_mismatch"


class TrainingImpossible(AllywiseError):
    """There is too little history to fit anything; the baseline goes on serving."""

    code = "training_impossible"


class GateFailed(AllywiseError):
    """A candidate model did not pass the promotion gates."""

    code = "gate_failed"


class StoreNotReady(AllywiseError):
    """The store has no schema, or one of another version."""

    code = "store_not_ready"
