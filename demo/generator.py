"""Writes a generated programme in the import format, and its truth beside it."""

from pathlib import Path

import numpy as np
import pandas as pd

from demo import content, tables, trade_tables, truth
from demo.cast import draw_cast
from demo.duties import duties
from demo.market import draw_market
from demo.simulation import simulate
from demo.spec import WorldSpec, WorldSummary


def generate(folder: Path, truth_folder: Path, spec: WorldSpec) -> WorldSummary:
    """Generate a world: its records into `folder`, what is true of it into `truth_folder`.

    Parameters
    ----------
    folder : Path
        Made if missing; gets one file a resource, as `allywise import` reads them.
    truth_folder : Path
        Made if missing; gets Parquet tables of true probabilities and ``manifest.json``. Never to be imported.
    spec : WorldSpec
        The world; equal specs give equal files.

    Returns
    -------
    WorldSummary
        Counts and base rates.
    """
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(spec.seed).spawn(7)]
    cast, market = draw_cast(streams[0], spec), draw_market(streams[1], spec)
    state = simulate(spec, cast, market, streams[2])
    assets = content.taste_of(state, content.draw_assets(streams[3], spec))
    offers = content.taste_of(state, content.draw_offers(streams[3], spec))
    drawn = content.draw_activities(state, assets, offers, streams[4])
    rng = streams[5]
    book = trade_tables.deal_book(state)
    people, companies = tables.contacts(state, rng), tables.partners(state, rng)
    frames = {
        "programs": tables.programs(state),
        "products": tables.products(state),
        "partners": companies,
        "contacts": people,
        "agreements": tables.agreements(state, rng),
        "certifications": tables.certifications(state),
        "leads": trade_tables.leads(state),
        "assignments": trade_tables.assignments(state, rng),
        "deals": trade_tables.deals(state, book),
        "assets": trade_tables.assets(state, assets.items),
        "offers": trade_tables.offers(state, offers.items),
        "activities": trade_tables.activities(state, drawn, book, people, rng),
        "feedback": tables.feedback(state, rng),
        "goals": tables.goals(state),
        "changes": trade_tables.changes(state, companies, rng),
    }
    frames |= duties(state, frames, book) if spec.duties else {}
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        _write(frame, folder, name)
    truths, rates = truth.write(state, assets, offers, drawn, truth_folder, streams[6])
    return WorldSummary({name: len(frame) for name, frame in frames.items()}, truths, rates)


def _write(frame: pd.DataFrame, folder: Path, name: str) -> None:
    """Write one resource; activities, by far the most, as Parquet."""
    if name == "activities":
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    else:
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
