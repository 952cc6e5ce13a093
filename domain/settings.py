"""All settings of the service: one frozen object, read from the environment once and passed in."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

HorizonDays = Annotated[int, Field(ge=1, le=3650)]


def _weights(weights: dict[str, float]) -> dict[str, float]:
    """Refuse weights that are no weights."""
    for kind, weight in weights.items():
        if not 0 <= weight < float("inf"):
            raise ValueError(f"a weight is a number from 0 on (0: the kind is no engagement), {kind!r} has {weight:g}")
    return weights


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
    max_upload_bytes: int = Field(256 * 2**20, ge=1, description="Largest upload that POST /v1/imports accepts.")

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
