"""All settings of the service: one frozen object, read from the environment once and passed in."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.context import LEAD_CONTACT_FIELDS
from domain.resources import RESOURCES
from domain.terms import Role

HorizonDays = Annotated[int, Field(ge=1, le=3650)]


def _weights(weights: dict[str, float]) -> dict[str, float]:
    """Refuse weights that are no weights."""
    for kind, weight in weights.items():
        if not 0 <= weight < float("inf"):
            raise ValueError(f"a weight is a number from 0 on (0: the kind is no engagement), {kind!r} has {weight:g}")
    return weights


def _staff_roles(roles: dict[str, Role]) -> dict[str, Role]:
    """Refuse the role that needs a partner beside it."""
    if Role.PARTNER in roles.values():
        raise ValueError("people of partners are invited; no claim gives the role partner")
    return roles


def _lead_fields(names: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse fields that leads have not, or that cannot be empty."""
    columns = RESOURCES["leads"].by_name
    for name in names:
        if not name.startswith("attributes.") and (name not in columns or columns[name].required):
            raise ValueError(
                f"{name!r} is no field of a lead that can be hidden; attributes are written attributes.NAME"
            )
    return names


def _at_least(least: int) -> Callable[[int], int]:
    """Return what refuses numbers of days below `least`, but not 0."""

    def check(days: int) -> int:
        if 0 < days < least:
            raise ValueError(f"at least {least} days, or 0 for ever")
        return days

    return check


class Settings(BaseSettings):
    """What an operator can set; each as ``ALLYWISE_<NAME>`` in the environment.

    The table in docs/settings.md is generated from the descriptions here.
    """

    model_config = SettingsConfigDict(env_prefix="ALLYWISE_", frozen=True, extra="ignore")

    home: Path = Field(Path("var"), description="Data folder: embedded database, models, rejected rows.")
    database_url: str = Field("", description="SQLAlchemy URL of the store; empty: SQLite in the data folder.")
    mlflow_tracking_uri: str = Field("", description="MLflow server; empty: SQLite-backed in the data folder.")
    mlflow_prefix: str = Field(
        "allywise-",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,100}$",
        description="What names on the MLflow server begin with; two programmes on one server need two.",
    )
    language: Literal["en", "pt", "es", "pl"] = Field(
        "en", description="Language of reasons where the caller does not ask for one (Accept-Language)."
    )
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="Currency of amounts that name none (ISO 4217).")
    churn_horizons_days: tuple[HorizonDays, ...] = Field(
        (30, 60, 90), min_length=1, description="Horizons for which churn models are trained; the last is the default."
    )
    churn_list_length: int = Field(
        20,
        ge=1,
        le=10_000,
        description="Length of a manager's list, at which precision is measured.",
    )
    life_signs: tuple[str, ...] = Field(
        (),
        description="Activity kinds that count as signs of life; empty: all, and deals. 'deal' names deals.",
    )
    fit_horizon_days: HorizonDays = Field(
        365, description="Days after recruitment within which a first won deal counts."
    )
    fit_outcome: str = Field(
        "",
        description="Outcome that replaces the first won deal: attributes.NAME or goals.METRIC (number or boolean).",
    )
    match_horizon_days: HorizonDays = Field(180, description="Days within which an offered lead must be won.")
    match_candidates: int = Field(200, ge=10, le=10_000, description="Partners that the ranker looks at per lead.")
    recommend_horizon_days: HorizonDays = Field(90, description="Days within which an engagement counts.")
    engagement_weights: Annotated[dict[str, float], AfterValidator(_weights)] = Field(
        default_factory=dict,
        description="Weight of an activity kind as engagement, JSON; kinds not named weigh 1, 0 is no engagement.",
    )
    recommend_diversity: float = Field(
        0.0, ge=0, le=1, description="Recommendations: 0 ranks by relevance alone, above that also against likeness."
    )
    protected_attributes: tuple[str, ...] = Field(
        (), description="Custom attributes that never enter a model, e.g. ['gender']."
    )
    trusted_attributes: tuple[str, ...] = Field(
        (),
        description="Fields that training may use although they look like leaks, e.g. ['segment', 'leads.urgency'].",
    )
    embedding_model: str = Field(
        "all-MiniLM-L6-v2",
        description="Sentence-transformers model: the bundled one, or a folder with another.",
    )
    embedding_engine: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description="Numbers that texts are embedded with: auto takes 16-bit ones where the processor multiplies them.",
    )
    explained_scores: int = Field(
        5_000,
        ge=0,
        le=1_000_000,
        description="Rows of a programme scored in pieces that get reasons, first ones first; others when asked alone.",
    )
    training_seed: int = Field(7, description="Seed of everything random in training.")
    training_threads: int = Field(2, ge=1, le=256, description="Threads of training and batch scoring.")
    nightly_hour: int = Field(2, ge=0, le=23, description="Hour (UTC) at which checks and scoring of the night begin.")
    check_every_days: int = Field(
        1, ge=0, le=365, description="Nights between checks of the models for drift and retraining; 0: never."
    )
    score_every_days: int = Field(
        1, ge=0, le=365, description="Nights between scoring of all partners (churn, fit); 0: never."
    )
    retrain_every_days: int = Field(30, ge=0, le=3650, description="Age at which a champion is trained anew; 0: never.")
    retrain_new_outcomes: float = Field(
        0.2, ge=0, le=100, description="Share of new outcomes, of those it learned from, that makes it due; 0: never."
    )
    retrain_on_drift: bool = Field(True, description="Whether drift makes a champion due, a week after the last one.")
    managers_see_portfolio_only: bool = Field(
        False, description="Whether managers see only the partners whose account manager they are, and what is theirs."
    )
    lead_contact_fields: Annotated[tuple[str, ...], AfterValidator(_lead_fields)] = Field(
        LEAD_CONTACT_FIELDS,
        description="Fields of a lead that a partner sees only after accepting it, beside attributes named like "
        "contact data.",
    )
    public_url: str = Field(
        "",
        pattern="^(https?://[^/?#]+)?$",
        description="Address under which people reach the service, e.g. https://partners.example.com; empty: the "
        "request's own.",
    )
    session_hours: float = Field(12, gt=0, le=720, description="Hours after which a person signs in again.")
    session_idle_minutes: int = Field(
        120, ge=10, le=43_200, description="Minutes without a request after which a session ends."
    )
    password_min_length: int = Field(12, ge=8, le=128, description="Shortest password, in characters.")
    invitation_hours: float = Field(
        72, gt=0, le=720, description="Hours for which the one-time token of an invitation sets a password."
    )
    sign_in_tries: int = Field(
        5, ge=1, le=1000, description="Wrong passwords for one e-mail address before it is locked for a while."
    )
    sign_in_tries_per_address: int = Field(
        50, ge=1, le=100_000, description="Wrong passwords from one network address before it is locked for a while."
    )
    sign_in_lock_minutes: float = Field(
        15, gt=0, le=1440, description="How long such a lock lasts, and over what time tries are counted."
    )
    registration_checks_per_hour: int = Field(
        120,
        ge=1,
        le=100_000,
        description="How many customers a partner may have checked in an hour before it registers one; then it waits.",
    )
    oidc_issuer: str = Field(
        "",
        pattern="^(https?://[^?#]+)?$",
        description="Issuer of OpenID Connect single sign-on; empty: off. http only on this machine.",
    )
    oidc_client_id: str = Field("", description="Client id that the identity provider gave the service.")
    oidc_client_secret: str = Field("", repr=False, description="Client secret, if the provider gave one.")
    oidc_scopes: str = Field("openid email profile", description="Scopes asked of the identity provider.")
    oidc_role_claim: str = Field(
        "", description="Claim of the ID token that holds groups or roles; empty: nobody gets a role by it."
    )
    oidc_roles: Annotated[dict[str, Role], AfterValidator(_staff_roles)] = Field(
        default_factory=dict,
        description='Role for a value of that claim, JSON, e.g. {"partner-team": "manager"}; the first that fits.',
    )
    oidc_default_role: Literal["", "admin", "recruiter", "manager", "router", "analyst"] = Field(
        "", description="Role of a person new to the service whom no claim gives one; empty: such are refused."
    )
    oidc_allowed_domains: tuple[str, ...] = Field(
        (), description="E-mail domains whose people may sign on; empty: all that the provider vouches for."
    )
    encryption_keys: tuple[str, ...] = Field(
        (),
        repr=False,
        description="Keys that seal secrets at rest (32 random bytes each, URL-safe base64), JSON: the first seals, "
        "all open. Empty: they are kept as they are.",
    )
    encrypt_contacts: bool = Field(
        False,
        description="Whether names, e-mail addresses and phone numbers of contacts are encrypted in the database, "
        "under the first of those keys; after a change run `allywise keys-at-rest rotate`.",
    )
    webhook_private_addresses: bool = Field(
        False, description="Whether webhooks may point into private networks and to this machine."
    )
    webhook_timeout_seconds: float = Field(
        10, gt=0, le=120, description="How long a webhook may take to answer, in all."
    )
    webhook_disable_after_hours: float = Field(
        72, gt=0, le=8760, description="Hours without any success after which a failing webhook is switched off."
    )
    keep_answers_days: int = Field(
        7, ge=1, le=3650, description="Days for which answers are kept to be given again to an Idempotency-Key."
    )
    keep_files_days: int = Field(
        30,
        ge=0,
        le=3650,
        description="Days for which uploads, exports and rejected rows lie in the data folder; 0: for ever.",
    )
    keep_jobs_days: Annotated[int, AfterValidator(_at_least(100))] = Field(
        180, ge=0, le=36_500, description="Days for which finished jobs are kept, at least 100; 0: for ever."
    )
    keep_alerts_days: int = Field(
        0, ge=0, le=36_500, description="Days for which resolved alerts are kept; 0: for ever."
    )
    keep_matches_days: int = Field(
        0, ge=0, le=36_500, description="Days for which matches are kept to be explained and replayed; 0: for ever."
    )
    keep_scores_days: int = Field(
        0, ge=0, le=36_500, description="Days for which scores are kept, by which models are judged; 0: for ever."
    )
    keep_audit_days: Annotated[int, AfterValidator(_at_least(365))] = Field(
        0,
        ge=0,
        le=36_500,
        description="Days for which the audit trail tells details, at least 365; 0: for ever. Who, what and when stay.",
    )
    keep_ended_contacts_days: int = Field(
        0, ge=0, le=36_500, description="Days after a partner's end at which its contacts are erased; 0: never."
    )
    events_keep_days: int = Field(90, ge=1, le=3650, description="Days for which events and deliveries are kept.")
    smtp_host: str = Field("", description="Mail server; empty: no e-mail is sent.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port.")
    smtp_user: str = Field("", description="User at the mail server; empty: no login.")
    smtp_password: str = Field("", repr=False, description="The user's password.")
    smtp_starttls: bool = Field(True, description="Whether the connection is encrypted before anything is sent.")
    smtp_from: str = Field(
        "allywise <allywise@localhost>", description="Sender of e-mail, an address or a name with one in <>."
    )
    digest_hour: int = Field(
        7, ge=0, le=23, description="Hour (UTC) at which daily digests of alerts, and the weekly one, are sent."
    )
    digest_weekday: int = Field(
        0,
        ge=0,
        le=6,
        description="Day of the weekly digest, 0 is Monday; from Thursday on it tells of the week so far.",
    )
    alert_lead_hours: float = Field(
        48, gt=0, le=8760, description="Hours after which an offered lead counts as unanswered."
    )
    certification_warning_days: tuple[Annotated[int, Field(ge=0, le=3650)], ...] = Field(
        (60, 30, 7),
        description="Days ahead at which the expiry of a certificate is announced, once each; empty: never.",
    )
    directory: Literal["off", "on"] = Field(
        "off", description="Whether published partners can be found at /directory and GET /v1/directory by anyone."
    )
    max_upload_bytes: int = Field(256 * 2**20, ge=1, description="Largest upload that POST /v1/imports accepts.")

    serving_threads: int = Field(
        8,
        ge=1,
        le=500,
        description="Requests that a serving process works on at once, more wait in line; it opens up to three "
        "connections to the store for each.",
    )
    serving_wait_seconds: float = Field(
        30, gt=0, le=600, description="Longest wait in line; then the answer is 503 with Retry-After."
    )
    serving_crowd: int = Field(
        2,
        ge=1,
        le=500,
        description="Requests of a serving process that may wait until what was just written is read; when as many "
        "wait, the next is answered from what was read last, some seconds ago.",
    )

    @property
    def store_url(self) -> str:
        """URL of the store, the embedded SQLite file when none is set."""
        return self.database_url or f"sqlite:///{self.home / 'allywise.db'}"

    @property
    def tracking_uri(self) -> str:
        """URI of MLflow tracking and registry."""
        return self.mlflow_tracking_uri or f"sqlite:///{self.home / 'mlflow.db'}"

    @property
    def artefact_dir(self) -> Path:
        """Folder of model artefacts when MLflow is local."""
        return self.home / "models"


def closing(settings: Settings, attributes: Iterable[str]) -> Settings:
    """Return settings under which further custom attributes never enter a model.

    Examples
    --------
    >>> closing(Settings(protected_attributes=("gender",)), ["result"]).protected_attributes
    ('gender', 'result')
    """
    closed = (*settings.protected_attributes, *attributes)
    return settings.model_copy(update={"protected_attributes": tuple(dict.fromkeys(closed))})
