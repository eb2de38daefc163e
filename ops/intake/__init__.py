"""Assets come in: rows from any format, checked one by one, stored all or none."""

from ops.intake.faults import Faults
from ops.intake.load import Report, import_rows
from ops.intake.rows import Row, row_of, text_id

__all__ = ["Faults", "Report", "Row", "import_rows", "row_of", "text_id"]
