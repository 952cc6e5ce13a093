"""A replay in words and tables: rows that terminal and page share."""

from collections.abc import Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]
Rows = list[list[str]]

NO_NUMBER = "–"
COLUMNS = ("what happened", "its first partners, by the model", "this policy, by the model")
_SIDES = ("happened", "happened_by_model", "policy")
_FIGURES = (
    ("leads offered to somebody", "offered", "count"),
    ("leads for which nobody is eligible", "nobody_eligible", "count"),
    ("wins by the partner asked first", "expected_wins", "number"),
    ("  of leads whose outcome is known", "known_wins", "number"),
    ("wins by whoever accepts in the end, so far", "wins_in_the_end", "number"),
    ("value: chance x amount x margin", "expected_value", "amount"),
    ("amount won in the end", "won_amount", "amount"),
    ("leads accepted by somebody", "accepted_share", "share"),
    ("leads that end with a person", "person_share", "share"),
    ("offers per lead", "offers_per_lead", "number"),
    ("hours from arrival to acceptance, median", "median_hours", "number"),
    ("accepted within the customer's clock", "within_clock_share", "share"),
    ("partners that get any lead", "partners_served", "number"),
    ("Gini of leads over partners", "gini", "ratio"),
    ("share of the 10 % with most leads", "top_tenth_share", "share"),
)
_METHODS = {
    "dr": "doubly robust",
    "sndr": "doubly robust, normalised",
    "ips": "inverse propensity (IPS)",
    "snips": "normalised (SNIPS)",
}
OPINION = (
    "The columns by the model are its opinion (direct method): of the partners that were really asked first, with the "
    "policy's choices after them, and of the policy. It prefers whom it overestimates, so that its opinion of a policy "
    "that follows it is too good on average; the middle column, beside what happened, shows how far the model can be "
    "trusted on pairs that were really chosen."
)
_ADVICE = " Where a share of the leads is explored, the log comes to tell of other policies, too."


def figure_rows(report: Report) -> Rows:
    """Return the comparison: a heading, then a row per figure that anything is known of."""
    found = [["", *COLUMNS]]
    for text, name, kind in _FIGURES:
        cells = [shown(report["sides"][side].get(name), kind) for side in _SIDES]
        if any(cell != NO_NUMBER for cell in cells):
            found.append([text, *cells])
    return found


def off_policy_rows(report: Report) -> Rows:
    """Return estimates from the outcomes on record with their 95 % intervals, wins per 100 leads; heading first."""
    judged = report["off_policy"]
    found = [["wins per 100 leads", "policy", "95 % interval", "more than happened", "95 % interval"]]
    for name, one in judged["estimates"].items():
        gain = judged["gains"][name]
        mark = " *" if name == judged["best"] else ""
        found.append([f"{_METHODS.get(name, name)}{mark}", *_interval(one), *_interval(gain, sign="+")])
    return found


def off_policy_text(report: Report) -> str:
    """Return in a sentence how much the log tells of the policy."""
    judged = report["off_policy"]
    if judged["refused"]:
        return f"No estimate: {judged['refused']}{_ADVICE if judged['leads'] else ''}"
    opinion = 100 * judged["opinion_of_policy"]
    return (
        f"From {judged['leads']:,} leads with outcome and propensity, which tell as much as {judged['ess']:.0f} leads "
        f"routed by the policy itself; {100 * judged['logged_rate']:.1f} of 100 were won. "
        f"By the model's opinion the policy would win {opinion:.1f}. * the estimate to read."
    )


def _interval(one: Mapping[str, float], sign: str = "") -> list[str]:
    value, low, high = (100 * one[name] for name in ("value", "low", "high"))
    return [f"{value:{sign}.1f}", f"{low:{sign}.1f} to {high:{sign}.1f}"]


def group_rows(report: Report, by: str) -> Rows:
    """Return shares of the groups of partners by something; heading first."""
    found = [[by.removeprefix("attributes."), "eligible", "happened", "policy"]]
    for one in report["groups"]:
        if one["by"] == by:
            shares = (shown(one[name], "share") for name in ("eligible_share", "happened_share", "policy_share"))
            found.append([one["group"] or "(not known)", *shares])
    return found


def group_names(report: Report) -> list[str]:
    """Return what partners are grouped by, in order."""
    return list(dict.fromkeys(one["by"] for one in report["groups"]))


def limit_rows(report: Report) -> Rows:
    """Return shares beside the limits set to them; heading first."""
    found = [["limit of", "least", "most", "policy", ""]]
    for one in report["limits"]:
        shares = (shown(one[name], "share") for name in ("least", "most", "policy_share"))
        name = one["by"] if one["group"] == one["by"] else f"{one['by']} {one['group'] or '(not known)'}"
        found.append([name, *shares, "kept" if one["kept"] else "BEYOND"])
    return found


def clock_text(report: Report) -> str:
    """Return in a sentence by which clocks leads are measured."""
    told = dict.fromkeys((one["answer_hours"], one["first_contact_hours"]) for one in report["clocks"])
    sentences = (
        f"{'any time' if answer is None else f'{answer:g} hours'} to answer an offer, "
        f"{'no clock for the customer' if contact is None else f'{contact:g} hours for the customer'}"
        for answer, contact in told
    )
    return f"Clocks: {'; '.join(sentences)}."


def why_rows(report: Report) -> Rows:
    """Return why first partners change; heading first."""
    return [["why the partner first asked changes", "leads"]] + [
        [one["text"], f"{one['leads']:,}"] for one in report["changes"]["why"]
    ]


def change_rows(report: Report, most: int) -> Rows:
    """Return the largest changes with reasons; heading first."""
    found = [["lead", "happened", "p_win", "policy", "p_win", "reasons"]]
    for one in report["changes"]["largest"][:most]:
        chances = [NO_NUMBER if one[name] is None else f"{one[name]:.2f}" for name in ("p_happened", "p_policy")]
        names = [one[name] or "nobody" for name in ("happened", "policy")]
        found.append([one["lead"], names[0], chances[0], names[1], chances[1], ". ".join(one["reasons"])])
    return found


def heading(report: Report) -> str:
    """Return what was replayed, in a sentence."""
    names = ", ".join(policy["name"] for policy in report["policies"])
    return (
        f"{report['leads']:,} leads that arrived from {report['since'][:10]} until {report['until'][:10]}, "
        f"replayed under {names} ({report['fingerprint']})"
    )


def change_text(report: Report) -> str:
    """Return how many leads change their first partner."""
    return (
        f"{report['changes']['expected']:,.0f} of {report['leads']:,} leads would have been offered to another first."
    )


def render(report: Report) -> str:
    """Return the replay for a terminal."""
    lines = [heading(report), report["model"]["text"]]
    lines += [f"WARNING {report['model']['warning']}"] if report["model"]["warning"] else []
    lines += [f"note  {note}" for note in report["notes"]]
    if not report["leads"]:
        return "\n".join([*lines, "", "No lead arrived in that time."])
    lines += ["", *_table(figure_rows(report)), "", OPINION, clock_text(report)]
    lines += ["", "From outcomes on record (off-policy)", off_policy_text(report)]
    lines += _table(off_policy_rows(report)) if report["off_policy"]["estimates"] else []
    for by in group_names(report):
        lines += ["", *_table(group_rows(report, by))]
    lines += ["", *_table(limit_rows(report))] if report["limits"] else []
    lines += ["", change_text(report), *_table(why_rows(report)), "", "Largest changes", *_changes(report)]
    return "\n".join(lines)


def _changes(report: Report) -> list[str]:
    found = []
    for one in change_rows(report, 10)[1:]:
        lead, before, chance, after, better, reasons = one
        found += [f"{lead}: {before} ({chance}) > {after} ({better})", f"    {reasons}"]
    return found


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align cells: the first column to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(n) for cell, n in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def shown(value: float | None, kind: str) -> str:
    """Return a number as people read it; a dash for none.

    Examples
    --------
    >>> shown(0.256, "share"), shown(1234.5, "amount"), shown(None, "count")
    ('25.6 %', '1,234', '–')
    """
    if value is None:
        return NO_NUMBER
    if kind == "share":
        return f"{100 * value:.1f} %"
    if kind == "ratio":
        return f"{value:.2f}"
    return f"{value:,.0f}" if kind in ("count", "amount") else f"{value:,.1f}"
