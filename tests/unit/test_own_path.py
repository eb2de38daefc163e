"""Where sign-in may send people: only to paths of this site."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.web.signin import is_own_path

HERE = "https://touchstone.example/signin"


@pytest.mark.parametrize("path", ["/desk", "/projects/7?tab=gold", "/people?q=a%20b#x"])
def test_paths_of_this_site_are_followed(path):
    assert is_own_path(path)


@pytest.mark.parametrize(
    "path",
    ["", "desk", "//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example"],
)
def test_what_browsers_read_as_another_site_is_not(path):
    assert not is_own_path(path)


@given(st.text(alphabet="/\\:@.?#ae\t\n ", max_size=12))
def test_a_followed_path_stays_on_this_host(path):
    if is_own_path(path):
        # Browsers treat a backslash as a slash, and drop tabs and line breaks.
        as_browser = path.replace("\\", "/").translate({9: None, 10: None, 13: None})
        assert urlsplit(urljoin(HERE, as_browser)).netloc == "touchstone.example"
