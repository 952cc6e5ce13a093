"""What generated worlds are to show, beside what was measured: read out of the tables of a world."""

from collections.abc import Iterator, Sequence

from benchmarks.summary import OURS, Table, read_tables

CHURN_GAP, FIT_GAP, NDCG_RATIO = 0.02, 0.05, 1.5
COVERED = (0.75, 0.88)
_LEAST_ROWS = 50
_NO_PEERS = ("random", "oracle", OURS)
Claim = tuple[str, str, str, bool]


def claims(report: str, leads: int) -> str:
    """Return the table of claims: what, bar, measured, whether it holds.

    Parameters
    ----------
    report : str
        Tables of one world, as `benchmarks.worlds` prints them.
    leads : int
        Leads of the world; with 60,000 the bar of matching is higher.
    """
    rows = ["| claim | bar | measured | holds |", "|---|---:|---:|---|"]
    for what, bar, measured, holds in _claims(read_tables(report), leads):
        rows.append(f"| {what} | {bar} | {measured} | {'yes' if holds else 'no'} |")
    return "\n".join(rows)


def _claims(tables: Sequence[Table], leads: int) -> Iterator[Claim]:
    for table in tables:
        if "expected AUC" in table.titles:
            yield _auc(table)
        elif table.titles[0].startswith("who gets the lead"):
            yield _routing(table, leads)
        elif "expected NDCG@10" in table.titles:
            yield from _lists(table)
        elif "calibration error" in table.titles:
            yield from _calibrated(table, leads)


def _auc(table: Table) -> Claim:
    worst = max(float(row[3]) for row in table.rows)
    bar = FIT_GAP if table.rows[0][0] == "fit" else CHURN_GAP
    title = "fit" if table.rows[0][0] == "fit" else "churn, worst horizon"
    return f"{title}: AUC below the oracle's by at most", f"{bar}", f"{worst:.4f}", worst <= bar


def _routing(table: Table, leads: int) -> Claim:
    bar = 75 if leads >= 60_000 else 65
    row = next(row for row in table.rows if row[0].startswith(OURS))
    share = float(row[2].rstrip("%"))
    what = table.titles[0].partition("(")[2].rstrip(")")
    return f"match: gap closed, {what}", f"{bar}%", f"{row[2]} ± {row[3]}", share >= bar


def _lists(table: Table) -> Iterator[Claim]:
    figures = {row[0]: float(row[1]) for row in table.rows}
    ours = next(value for name, value in figures.items() if name.startswith(OURS))
    peers = {name: value for name, value in figures.items() if not name.startswith(_NO_PEERS)}
    best = max(peers, key=lambda name: peers[name])
    what = table.titles[0].partition(" ")[0]
    most = 1 / peers[best] if peers[best] else float("inf")
    ratio = ours / peers[best] if peers[best] else float("inf")
    measured = f"{ratio:.2f} ({best}; oracle {most:.2f})"
    yield f"recommend {what}: NDCG@10 over the best peer's", f"{NDCG_RATIO}", measured, ratio >= NDCG_RATIO


def _calibrated(table: Table, leads: int) -> Iterator[Claim]:
    at, error_at = table.titles.index("80 % intervals that hold the truth"), table.titles.index("calibration error")
    bar = 0.02 if leads >= 10_000 else 0.04
    title = ""
    for row in table.rows:
        if int(row[1].replace(",", "")) < _LEAST_ROWS:
            continue
        if not row[0].startswith("–"):
            title = row[0]
            yield f"{title}: calibration error", f"{bar}", row[error_at], float(row[error_at]) <= bar
        if row[at] != "–":
            share = float(row[at].rstrip("%")) / 100
            name = title if row[0] == title else f"{title}, {row[0].removeprefix('– ')}"
            yield f"{name}: intervals hold", "75–88%", row[at], COVERED[0] <= share <= COVERED[1]
