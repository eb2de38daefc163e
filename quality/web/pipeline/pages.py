"""All pages of the pipeline: importing a module adds its routes to the one blueprint."""

from quality.web.pipeline import applicant, board, opening_pages, shaping, twins
from quality.web.pipeline.blueprint import blueprint

__all__ = ["applicant", "blueprint", "board", "opening_pages", "shaping", "twins"]
