"""Reports: a Result becomes a student's page, many become the class's page. Self-contained HTML; nothing is scored here."""

from .classpage import render_class
from .files import Costs, EarlyPages, ReportJob, page_name, remove_pages, write_reports
from .student import render_student
from .values import Audience, ClassRow, ClassStatistics, PhaseTime, ReportHeader, class_row

__all__ = [
    "Audience",
    "ClassRow",
    "ClassStatistics",
    "Costs",
    "EarlyPages",
    "PhaseTime",
    "ReportHeader",
    "ReportJob",
    "class_row",
    "page_name",
    "remove_pages",
    "render_class",
    "render_student",
    "write_reports",
]
