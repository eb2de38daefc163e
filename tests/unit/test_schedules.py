"""The file in which an operator changes schedules: what it may hold."""

import pytest

from ops.errors import ConfigError
from ops.jobs import Job
from scheduling import clock

JOBS = {
    "sweep": Job("ops.sealer:seal", every=1, where="clock"),
    "count": Job("m:f", cron="0 3 * * *"),
}


def test_a_line_changes_one_job(tmp_path):
    path = tmp_path / "schedules.toml"
    path.write_text('"sweep" = "every 2.5"\n"count" = "30 4 * * *"\n')
    found = clock.edited(JOBS, path)
    assert found["sweep"] == Job("ops.sealer:seal", every=2.5, where="clock")
    assert found["count"] == Job("m:f", cron="30 4 * * *")


def test_without_a_file_nothing_changes(tmp_path):
    assert clock.edited(JOBS, tmp_path / "schedules.toml") == JOBS


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('"other" = "every 2"', "other"),
        ('"sweep" = "every now and then"', "sweep"),
        ('"sweep" = "61 * * * *"', "sweep"),
        ('"sweep" = 5', "sweep"),
        ('"sweep" = ', "schedules.toml"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(tmp_path, text, named):
    path = tmp_path / "schedules.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"schedules\.toml") as refused:
        clock.edited(JOBS, path)
    assert refused.value.field == named
