"""Model cards: everything a reader needs, in Markdown and HTML, from the manifest alone."""

from datetime import UTC, datetime

from models.artefact import (
    DuelRecord,
    GateRecord,
    GroupRecord,
    LeakRecord,
    Manifest,
    MethodRecord,
    MetricRecord,
    PartRecord,
    ProtectedGain,
    SegmentRecord,
    StabilityRecord,
)
from models.card import make_card, render_card, render_card_html


def metric(value: float) -> MetricRecord:
    return MetricRecord(value=value, low=value - 0.01, high=value + 0.01)


def make_manifest(name: str = "churn") -> Manifest:
    methods = tuple(
        MethodRecord(name=method, kind=kind, metrics={"auc": metric(value), "brier": metric(0.1)})
        for method, kind, value in (("model", "model", 0.81), ("recency <bands>", "baseline", 0.78))
    )
    groups = tuple(
        GroupRecord(
            attribute="gender",
            value=value,
            rows=300,
            metrics={key: metric(0.2) for key in ("auc", "brier", "ece", "mean_p", "rate", "selected")},
        )
        for value in ("f", "m")
    )
    segment = SegmentRecord(
        segment="country",
        value="DE",
        rows=400,
        rate=0.2,
        mean_p=0.21,
        auc=0.8,
        loss_difference=metric(-0.02),
        broken=False,
    )
    part = PartRecord(
        part="90",
        horizon_days=90,
        rows=4_000,
        positives=800,
        train_window=("2024-01-01", "2025-01-01"),
        test_window=("2025-01-01", "2025-06-01"),
        test_rows=600,
        test_positives=120,
        split="fitted on 3,000 rows known by 2025-01-01, compared on 600 later rows",
        choice="blend",
        methods=methods,
        calibration=((0.1, 0.12, 300), (0.6, 0.55, 300)),
        segments=(segment,),
        groups=groups,
        protected_gain=ProtectedGain(attributes=("gender",), auc=metric(0.002), log_loss=metric(-0.001)),
        duel=DuelRecord(split="fitted on what it knew", rows=200, methods=methods),
        stability=StabilityRecord(features=0.91, rows=0.834, n=200),
    )
    leak = LeakRecord(table="partners", field="attributes.note", kind="missingness", sentence="partners: note knows.")
    return Manifest(
        name=name,
        trained_as_of=datetime(2025, 6, 1, tzinfo=UTC),
        created_at=datetime(2025, 6, 1, tzinfo=UTC),
        parts=(part,),
        feature_set="churn",
        fingerprint="0123456789abcdef",
        columns=("a", "b"),
        label_rule="no sign of life",
        seed=7,
        notes=("A note.", leak.sentence),
        leaks=(leak,),
        gates=(GateRecord(name="baseline", part="", passed=True, sentence="Better."),),
        counts={"partners": 500},
    )


def test_the_card_holds_all_that_a_reader_needs():
    card = render_card(make_manifest())
    for said in (
        "Intended use",
        "What it predicts",
        "2024-01-01 to 2025-01-01",
        "| model | 0.810 (0.800 to 0.820) |",
        "Against the champion, with the same knowledge",
        "| 0.100 | 0.120 | 300 |",
        "| country: DE | 400 |",
        "| gender: f | 300 |",
        "would change the AUC by +0.0020 (-0.0080 to +0.0120)",
        "## Leaks\n\n- partners: note knows.",
        "passed baseline: Better.",
        "importance 0.91, within one row's 0.83 (over 200",
        "## Limits",
        "partners: 500",
    ):
        assert said in card, said
    assert card.count("partners: note knows.") == 1


def test_the_page_draws_and_escapes():
    page = render_card_html(make_manifest(), curve=[{"rows": 100, "auc": 0.7}, {"rows": 1_000, "auc": 0.8}])
    assert page.count("<svg") == 2
    assert "recency &lt;bands&gt;" in page
    assert "<strong>Intended use.</strong>" in page
    assert "<td>1,000</td>" in page
    assert "http" not in page


def test_the_data_names_purpose_and_limits_also_of_an_unknown_model():
    card = make_card(make_manifest("other"))
    assert card["intended_use"] == ""
    assert card["limits"]
    assert card["parts"][0]["groups"][0]["attribute"] == "gender"
    assert "files" not in card
