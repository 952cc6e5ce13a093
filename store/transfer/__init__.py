"""Import and export of whole programmes in the import format."""

from store.transfer.export import export_folder
from store.transfer.report import Counts, ImportReport, Problem
from store.transfer.service import import_folder
from store.transfer.single_file import read_resource_file

__all__ = ["Counts", "ImportReport", "Problem", "export_folder", "import_folder", "read_resource_file"]
