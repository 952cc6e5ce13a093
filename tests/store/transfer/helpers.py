"""Plain functions that write folders, import them and look at what is in the store."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select, text

from domain.settings import Settings
from store.tables import RESOURCE_TABLES
from store.transfer import ImportReport, export_folder, import_folder


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write `files` into a fresh `folder`."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def bring_in(engine: Engine, folder: Path, **options: Any) -> ImportReport:
    """Import `folder` with a home beside it."""
    return import_folder(engine, folder, settings=Settings(home=folder.parent / "home"), **options)


def rows(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def stored_rows(engine: Engine) -> int:
    """Return how many rows of any resource there are."""
    counts = (select(func.count()).select_from(table) for table in RESOURCE_TABLES.values())
    with engine.connect() as connection:
        return sum(connection.execute(count).scalar_one() for count in counts)


def exported(engine: Engine, folder: Path) -> dict[str, str]:
    """Export into `folder` and return the files' texts."""
    export_folder(engine, folder)
    return {path.name: path.read_bytes().decode() for path in sorted(folder.iterdir())}


PROGRAMME: Mapping[str, str] = {
    "programs.csv": "external_id,name,kind,objective,tiers\nG,Grow,resell,revenue,silver;gold\n",
    "products.csv": (
        "external_id,name,category,price,currency,required_certifications\n"
        'X,Prod X,core,12.50,EUR,"Basics;Advanced, part 2"\nY,"Prod ""Y""",,,,\n'
    ),
    "partners.csv": (
        "external_id,name,status,program,kind,tier,country,territories,industries,employees,annual_revenue,founded_on,"
        "recruited_at,latitude,longitude,segment,score,strategic_fit,region_code\n"
        "0012,Alfa,,G,var,gold,BR,BR-SP;AR,retail;food,120,1500000.25,1999-12-31,2024-01-01,-23.5,-46.6,a,1.5,true,007\n"
        'P2,"Béta 🚀\nGmbH",ended,,,,DE,*,,,,,2023-05-01T10:00:00+02:00,,,b,2,false,08\n'
        "P3,=SUM(A1),,,,,,,,,,,,,,,,,\n"
    ),
    "contacts.csv": "external_id,partner,name,email\nC1,0012,Ana,ana@example.com\n",
    "agreements.csv": (
        "external_id,partner,status,signed_on,valid_from,valid_to,territories,products,commission_rate,exclusive\n"
        "A1,0012,active,2023-12-01,2024-01-01,2025-12-31,BR,X;Y,0.15,true\n"
    ),
    "certifications.csv": (
        "partner,course,passed_on,expires_on,contact,grade\n0012,Basics,2024-02-01,2026-02-01,C1,9\n"
    ),
    "leads.csv": (
        "external_id,created_at,company,country,product,estimated_amount,currency,program,latitude\n"
        "L1,2024-03-01T08:00:00.25Z,Kunde,DE,X,900,USD,G,52.5\nL2,2024-03-02,,,,,,,\n"
    ),
    "assignments.csv": (
        "lead,partner,offered_at,response,responded_at,decline_reason\nL1,0012,2024-03-03,accepted,2024-03-04,\n"
        "L2,P2,2024-03-03,,,\n"
    ),
    "deals.csv": (
        "external_id,partner,registered_at,lead,product,status,outcome,amount,closed_at\n"
        "D1,0012,2024-03-05,L1,X,,won,875.10,2024-04-01\nD2,P2,2024-03-05,,,submitted,,,\n"
    ),
    "activities.csv": (
        "partner,occurred_at,kind,asset,offer,deal,contact,quantity,amount,recorded_at,channel\n"
        "0012,2024-02-01T10:00:00Z,view,S1,,,C1,1,,,web\n0012,2024-02-01T10:00:00Z,view,S1,,,C1,1,,,web\n"
        "0012,2024-02-01T10:00:00Z,view,S1,,,C1,2,,2024-02-02,\nP2,2024-02-01,claim,,O1,D2,,,99.9,,\n"
    ),
    "assets.csv": (
        "external_id,title,topics,products,countries,published_at\nS1,Guide,a;b,X,DE;BR,2024-01-01\nS2,Zwei,,,,\n"
    ),
    "offers.csv": "external_id,title,valid_from,valid_to,countries,amount,budget\n"
    "O1,Bonus,2024-01-01,2024-12-31,BR,5,100\n",
    "feedback.csv": 'partner,submitted_at,kind,score,comment\n0012,2024-05-01,nps,9,"line one\nline two, with comma"\n',
    "goals.csv": "partner,metric,period_start,period_end,target\n0012,revenue,2024-01-01,2024-12-31,100000\n",
    "changes.csv": (
        "resource,external_id,field,changed_at,value\n"
        "partners,0012,tier,2024-01-01,silver\npartners,0012,tier,2024-04-01,gold\n"
        "partners,0012,segment,2024-01-01,a\n"
    ),
}
"""A small programme with every resource and most kinds of value."""
