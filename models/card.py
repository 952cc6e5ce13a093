"""Model cards: what a version is, how good it is, on what data; as data and as Markdown (Mitchell et al. 2019)."""

from typing import Any

from models.artefact import Manifest, MethodRecord, MetricRecord, PartRecord


def make_card(manifest: Manifest) -> dict[str, Any]:
    """Return the card as JSON-serialisable data: the manifest without file hashes, with a summary."""
    card = manifest.model_dump(mode="json", exclude={"files", "golden", "format"})
    card["passed"] = manifest.passed
    card["summary"] = _summary(manifest)
    return card


def render_card(manifest: Manifest) -> str:
    """Return the card as Markdown."""
    lines = [
        f"# {manifest.name}, trained as of {manifest.trained_as_of:%Y-%m-%d %H:%M} UTC",
        "",
        _summary(manifest),
        "",
        f"**What it predicts.** {manifest.label_rule}",
        "",
    ]
    for part in manifest.parts:
        lines += _render_part(part)
    lines += ["## Gates", ""]
    for gate in manifest.gates:
        where = f" ({gate.part})" if gate.part else ""
        lines.append(f"- {'passed' if gate.passed else 'FAILED'} {gate.name}{where}: {gate.sentence}")
    lines += ["", *_render_data(manifest)]
    return "\n".join(lines).rstrip() + "\n"


def _summary(manifest: Manifest) -> str:
    rows = f"{manifest.rows:,} rows ({sum(part.positives for part in manifest.parts):,} positive)"
    return f"Fitted on {rows}, {len(manifest.columns):,} features; chosen: {manifest.choice}."


def _render_part(part: PartRecord) -> list[str]:
    lines = [f"## Part {part.part}: {part.horizon_days} days", ""]
    lines += [f"Final fit on {part.rows:,} rows ({part.positives:,} positive), {' to '.join(part.train_window)}."]
    lines += [f"Comparison: {part.split}.", ""]
    if part.methods:
        lines += [_render_methods(part.methods), ""]
    if part.calibration:
        lines += ["| predicted | happened | rows |", "|---|---|---|"]
        lines += [f"| {_number(p)} | {_number(share)} | {rows:,} |" for p, share, rows in part.calibration]
        lines += [""]
    return lines


def _render_methods(methods: tuple[MethodRecord, ...]) -> str:
    names = list(methods[0].metrics)
    rows = [f"| method | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    rows += [
        f"| {method.name} | {' | '.join(_cell(method.metrics.get(name)) for name in names)} |" for method in methods
    ]
    return "\n".join(rows)


def _render_data(manifest: Manifest) -> list[str]:
    lines = ["## Data and making", ""]
    lines += [f"- {name}: {count:,}" for name, count in manifest.counts.items()]
    lines += [f"- {note}" for note in manifest.notes]
    lines += [f"- feature set {manifest.feature_set} ({manifest.fingerprint[:12]}), seed {manifest.seed}"]
    lines += [f"- setting {name}: {value}" for name, value in manifest.settings.items()]
    if manifest.git_sha:
        lines += [f"- source at {manifest.git_sha[:12]}"]
    lines += [f"- {', '.join(f'{name} {version}' for name, version in manifest.libraries.items())}"]
    return lines


def _cell(metric: MetricRecord | None) -> str:
    if metric is None or metric.value is None:
        return "-"
    return f"{_number(metric.value)} ({_number(metric.low)} to {_number(metric.high)})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
