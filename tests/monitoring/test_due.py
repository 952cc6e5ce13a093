"""When a model is due for training, and why."""

from datetime import timedelta

import pytest

from intelligence.context import Intelligence
from intelligence.monitoring.due import due_for_training, new_outcomes
from tests.programmes import END

CALM = {"drifted": False, "sentence": "No drift that matters."}
FAR = {"drifted": True, "sentence": "3 of 9 features drifted."}


def with_settings(context: Intelligence, **changed: object) -> Intelligence:
    settings = context.settings.model_copy(update=changed)
    return Intelligence(context.engine, settings, context.registry, context.text, context.clock)


def made_at(context: Intelligence) -> object:
    return context.registry.versions("churn")[0].manifest.created_at


def test_age_drift_and_new_outcomes_each_make_it_due(context: Intelligence) -> None:
    trained = made_at(context)
    assert due_for_training(context, "churn", trained + timedelta(days=29), CALM) == ""
    assert due_for_training(context, "churn", trained + timedelta(days=30), CALM) == (
        "The newest version, churn/1, is 30 days old."
    )
    assert due_for_training(context, "churn", trained + timedelta(days=8), FAR) == "Drift: 3 of 9 features drifted."
    assert due_for_training(context, "churn", trained + timedelta(days=6), FAR) == ""
    eager = with_settings(context, retrain_new_outcomes=1e-9)
    assert due_for_training(eager, "churn", trained + timedelta(days=1), CALM) == ""  # nothing came after END


def test_each_reason_can_be_switched_off(context: Intelligence) -> None:
    quiet = with_settings(context, retrain_every_days=0, retrain_on_drift=False, retrain_new_outcomes=0.0)
    assert due_for_training(quiet, "churn", made_at(context) + timedelta(days=900), FAR) == ""


def test_what_was_tried_this_week_is_left_alone(context: Intelligence) -> None:
    now = made_at(context) + timedelta(days=40)
    assert due_for_training(context, "churn", now, FAR, last_try=now - timedelta(days=6)) == ""
    assert due_for_training(context, "churn", now, FAR, last_try=now - timedelta(days=8))


@pytest.mark.parametrize("name", ["churn", "fit", "match", "recommend"])
def test_new_outcomes_are_counted_from_the_training_on(context: Intelligence, name: str) -> None:
    history = context.history(END)
    assert new_outcomes(history, context.settings, name, END) == 0
    halfway = END - timedelta(days=300)
    assert new_outcomes(history, context.settings, name, halfway) > 0.05
    assert new_outcomes(context.history(halfway), context.settings, name, halfway) == 0
