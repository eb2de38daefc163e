"""Logs as data, one line an event, without personal data: ids and pseudonyms only."""

import logging
import sys

import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer


def configure(level: str = "info") -> None:
    """Write events of `level` and above to stderr: readable on a terminal, JSON elsewhere."""
    readable = sys.stderr.isatty()
    # Tracebacks without the values of variables: those hold passwords, names and answers.
    terminal = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer = terminal if readable else structlog.processors.JSONRenderer()
    frames = ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            *([] if readable else [frames]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
