"""What training tells: one report per model, as data and as text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from models.artefact import GateRecord
from training.evaluation import Evaluation, render_table

Outcome = Literal["promoted", "approved", "refused", "impossible"]


@dataclass(frozen=True, eq=False)
class TrainingReport:
    """What came of training one model.

    Parameters
    ----------
    name : str
        The model.
    outcome : {"promoted", "approved", "refused", "impossible"}
        It serves now; it passed the gates but a later one serves; it failed a gate; nothing could be fitted.
    reason : str
        The outcome in a sentence.
    label : str
        Version that was registered (``churn/3``); empty if none.
    evaluations : tuple of Evaluation
        The comparison, by part.
    choices : mapping of str to str
        What validation chose, by part.
    gates : tuple of GateRecord
        Each gate's verdict.
    notes : tuple of str
        What a reader should know.
    seconds : float
        Time taken.
    """

    name: str
    outcome: Outcome
    reason: str
    label: str = ""
    evaluations: tuple[Evaluation, ...] = ()
    choices: Mapping[str, str] | None = None
    gates: tuple[GateRecord, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def promoted(self) -> bool:
        """Whether the trained version serves now."""
        return self.outcome == "promoted"

    def table(self) -> pd.DataFrame:
        """Return the comparison as a frame: part, method, kind, then one column per metric."""
        frames = [evaluation.table().assign(part=evaluation.part) for evaluation in self.evaluations]
        frames = [frame.rename_axis("method").reset_index() for frame in frames if len(frame)]
        if not frames:
            return pd.DataFrame(columns=["part", "method", "kind"])
        table = pd.concat(frames, ignore_index=True)
        return table[["part", "method", "kind", *(c for c in table.columns if c not in ("part", "method", "kind"))]]

    def render(self) -> str:
        """Return the report for a terminal."""
        lines = [f"{self.name} {self.label.rpartition('/')[2]}".rstrip() + f"  ({self.seconds:.0f} s)"]
        for evaluation in self.evaluations:
            chosen = (self.choices or {}).get(evaluation.part, "")
            lines += ["", f"part {evaluation.part}: {evaluation.how}; chosen: {chosen}"]
            lines += [render_table(evaluation.methods)] if evaluation.methods else []
        if self.gates:
            lines += [""]
            lines += [f"{'pass' if gate.passed else 'FAIL'}  {_gate(gate)}: {gate.sentence}" for gate in self.gates]
        lines += [f"note  {note}" for note in self.notes]
        return "\n".join([*lines, "", self.reason] if len(lines) > 1 else [*lines, self.reason])

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-serialisable data."""
        rows = self.table().astype(object)
        return {
            "name": self.name,
            "outcome": self.outcome,
            "reason": self.reason,
            "model_version": self.label or None,
            "comparison": rows.where(rows.notna(), None).to_dict(orient="records"),
            "chosen": dict(self.choices or {}),
            "gates": [gate.model_dump() for gate in self.gates],
            "notes": list(self.notes),
            "seconds": round(self.seconds, 1),
        }


def _gate(gate: GateRecord) -> str:
    return f"{gate.name} {gate.part}".rstrip()
