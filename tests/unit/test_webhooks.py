"""Signatures beside the specification's own vector and a reader of their own; refused addresses."""

import base64
import hmac
import ipaddress
import re
from pathlib import Path

import pytest

from ops.errors import InvalidInput
from ops.webhooks import addresses, http, signing
from tests.receiver import receiving

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/webhooks.md"
# The vector of the specification's reference libraries (svix and standardwebhooks alike).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'


def test_the_vector_of_the_specification():
    made = signing.signature(SECRET, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, BODY)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_six_lines_of_the_documentation_verify_what_we_sign():
    code = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S)
    assert code is not None
    names: dict = {"base64": base64, "hmac": hmac}
    exec(code.group(1), names)
    secret = signing.secret("installation", signing.new_salt())
    old = signing.secret("installation", signing.new_salt())
    head = {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1700000000",
        "webhook-signature": " ".join(
            signing.signature(one, "msg_1", 1700000000, BODY) for one in (secret, old)
        ),
    }
    assert names["genuine"](secret, head, BODY, now=1700000100)
    assert names["genuine"](old, head, BODY, now=1700000100)
    assert not names["genuine"](secret, head, BODY + b" ", now=1700000100)
    assert not names["genuine"](secret, {**head, "webhook-id": "msg_2"}, BODY, now=1700000100)
    assert not names["genuine"](secret, head, BODY, now=1700001000)
    other = signing.secret("another installation", "salt")
    assert not names["genuine"](other, head, BODY, now=1700000100)


def test_a_secret_follows_from_key_and_salt():
    assert signing.secret("key", "salt") == signing.secret("key", "salt")
    assert signing.secret("key", "salt") != signing.secret("key", "pepper")
    assert len(base64.b64decode(signing.secret("key", "salt").removeprefix("whsec_"))) == 32


REFUSED = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
    "192.0.2.1", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::", "2002:a00:1::", "::10.0.0.1", "2001:db8::1", "64:ff9b:1::1",
    "2001:0:7f00:1::",
]  # fmt: skip


def test_addresses_that_are_not_of_the_public_internet_are_refused():
    for one in REFUSED:
        assert not addresses.may_connect(ipaddress.ip_address(one), loopback=False), one
    for one in ("8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"):
        assert addresses.may_connect(ipaddress.ip_address(one), loopback=False), one
    assert addresses.may_connect(ipaddress.ip_address("127.0.0.1"), loopback=True)
    assert addresses.may_connect(ipaddress.ip_address("::1"), loopback=True)
    assert not addresses.may_connect(ipaddress.ip_address("10.0.0.1"), loopback=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "https://", "https:///x", "example.com",
        "https://user:pw@example.com/", "https://example.com/#part", "https://127.0.0.1/",
        "https://[::1]/", "https://[fe80::1]/", "https://10.0.0.1:8443/", "https://ex ample.com/",
        "https://example.com:0/", "https://example.com:99999/", "https://example.com/\n",
        "https://[::ffff:169.254.169.254]/", "https://" + "x" * 2000, "https://bücher.example/",
        "javascript:alert(1)", "https://example.com\x00/",
    ],
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_refused_at_its_field(url):
    with pytest.raises(InvalidInput) as refused:
        addresses.target(url, loopback=False)
    assert refused.value.field == "url"


def test_a_good_address_and_a_name_that_leads_inside():
    found = addresses.target("https://example.com/hook?for=us", loopback=False)
    assert (found.secure, found.host, found.port, found.path) == (
        True, "example.com", 443, "/hook?for=us",
    )  # fmt: skip
    inside = addresses.target("https://localhost:8443/", loopback=False)
    with pytest.raises(OSError, match="not of the public internet"):
        addresses.resolve(inside, loopback=False)
    assert set(addresses.resolve(inside, loopback=True)) <= {"127.0.0.1", "::1"}
    plain = addresses.target("http://8.8.8.8/", loopback=True)
    with pytest.raises(OSError, match="this very machine alone"):
        addresses.resolve(plain, loopback=True)


def test_the_next_address_is_tried_where_one_does_not_answer():
    with receiving() as receiver:
        where = addresses.target(receiver.url, loopback=True)
        assert http.post(where, ["::1", "127.0.0.1"], b"{}", {}) == 204
        with pytest.raises(OSError):
            http.post(where, ["::1"], b"{}", {})
