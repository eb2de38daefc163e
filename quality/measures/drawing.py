"""Drawing a share of what comes by, one at a time, as exactly as whole numbers allow.

Independent coin flips leave the number drawn to chance; every k-th can be foreseen. J. R. Chromy's
sequential procedure (Proceedings of the ASA Survey Research Section, 1979) does neither: each has
exactly its share as its chance, the number drawn is always one of the two whole numbers around the
sum of the shares so far, and which it is stays open until it must be decided. PURE.
"""

import math

# Sums of shares are kept to so many digits, so that ten times a tenth is one.
DIGITS = 9


def due_after(due: float, share: float) -> float:
    """The sum of shares once one more has come by."""
    return round(due + share, DIGITS)


def drawn_next(due: float, drawn: int, share: float, lot: float) -> bool:
    """Whether the next one is drawn.

    `due` is the sum of the shares of those before it, of which `drawn` were drawn; `share` its own
    chance in [0, 1]; `lot` a random number in [0, 1) that nobody could know before.
    """
    after = due_after(due, share)
    if drawn < math.floor(after):
        return True
    if drawn + 1 > math.ceil(after):
        return False
    ahead = due - math.floor(due)
    if math.floor(after) == math.floor(due):
        # One more than the whole part may be drawn, and was not yet.
        return lot < share / (1 - ahead)
    # It was: another one is drawn as far as the sum has gone beyond the next whole number.
    return lot < (after - math.floor(after)) / ahead
