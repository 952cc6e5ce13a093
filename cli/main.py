"""The command ``allywise``."""

import os
import sys

# One BLAS thread: our own threads do the work, and both at once oversubscribe the machine.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# OpenMP threads that wait sleep: spinning, they take the processor from those they wait for.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import typer

from cli import audit, data, keys, modelling, predicting, routing, safekeeping, serving, users
from cli.environment import read_settings, say, take_global_options
from domain.errors import AllywiseError
from domain.language import language_of, speaking

app = typer.Typer(
    name="allywise",
    help="Partner intelligence: rank prospects, see inactivity coming, recommend content, match leads. "
    "--home DIR and --db URL choose the data folder and the store and may stand anywhere.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("import")(data.import_command)
app.command("export")(data.export_command)
app.command("convert")(data.convert_command)
app.command("train")(modelling.train_command)
app.command("evaluate")(modelling.evaluate_command)
app.add_typer(modelling.models_app, name="models")
app.add_typer(predicting.score_app, name="score")
app.command("features")(predicting.features_command)
app.command("match")(predicting.match_command)
app.command("recommend")(predicting.recommend_command)
app.add_typer(routing.routing_app, name="routing")
app.add_typer(safekeeping.at_rest_app, name="keys-at-rest")
app.command("backup")(safekeeping.backup_command)
app.command("restore")(safekeeping.restore_command)
app.command("retention")(safekeeping.retention_command)
app.command("serve")(serving.serve_command)
app.command("demo")(serving.demo_command)
app.add_typer(keys.keys_app, name="keys")
app.add_typer(users.users_app, name="users")
app.add_typer(audit.audit_app, name="audit")


def main() -> None:
    """Run the command line: exit status 0 done, 1 the work failed, 2 wrong usage."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit status."""
    try:
        rest = take_global_options(arguments)
        with speaking(language_of(read_settings().language)):
            app(rest)
    except AllywiseError as error:
        say(f"allywise: {error.message}")
        return 1
    except OSError as error:  # a folder that cannot be written, a full disk
        say(f"allywise: {error}")
        return 1
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0
