"""What makes two addresses or two names the same, though they are written differently. Pure."""

import unicodedata
from difflib import SequenceMatcher

# Who delivers name+anything@ to name@, and of these, who takes no notice of dots.
PLUS = frozenset(
    {"fastmail.com", "gmail.com", "hotmail.com", "icloud.com", "live.com", "outlook.com",
     "proton.me", "protonmail.com"}
)  # fmt: skip
DOTLESS = frozenset({"gmail.com"})
ALIASES = {"googlemail.com": "gmail.com"}
# Letters that Unicode takes for letters of their own, not for one with a mark.
_PLAIN = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
ALIKE = 0.85


def email_key(address: str) -> str:
    """The mailbox an address leads to, as far as its provider is known for aliases."""
    local, _, domain = address.strip().lower().rpartition("@")
    domain = ALIASES.get(domain, domain)
    if domain in PLUS:
        local = local.partition("+")[0] or local
    if domain in DOTLESS:
        local = local.replace(".", "") or local
    return f"{local}@{domain}"


def name_key(name: str) -> str:
    """A name without case, marks and order: `Nguyễn Văn An` and `an van nguyen` are one.

    Letters of other scripts stay as they are; empty where a name holds no letter at all.
    """
    folded = unicodedata.normalize("NFKD", name.casefold()).translate(_PLAIN)
    kept = (c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))
    return " ".join(sorted("".join(kept).split()))


def likeness(one: str, other: str) -> float:
    """How alike two name keys are spelled, 0 to 1 (Ratcliff and Obershelp's matching of blocks).

    Symmetric, which `SequenceMatcher` alone is not. Below `ALIKE` it is an upper bound.
    """
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    bound = 2 * _shared_letters(one, other) / (len(one) + len(other))
    if bound < ALIKE:
        return bound
    there = SequenceMatcher(None, one, other, autojunk=False).ratio()
    return max(there, SequenceMatcher(None, other, one, autojunk=False).ratio())


def _shared_letters(one: str, other: str) -> int:
    """How many letters two keys have in common, wherever they stand; no match can have more."""
    if 2 * min(len(one), len(other)) < ALIKE * (len(one) + len(other)):
        return min(len(one), len(other))
    return sum(min(one.count(letter), other.count(letter)) for letter in set(one))


def blocks(key: str) -> set[str]:
    """Under what a name key is looked for: each of its words, and its initials.

    Two names that share none of these are not compared.
    """
    words = key.split()
    return {*words, "".join(word[0] for word in words)} if words else set()
