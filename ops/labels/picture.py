"""Whether a shape stays within its picture."""

from ops.labels.ground import words

# px: what formats with few decimals may round away.
SLACK = 0.05
# px: beyond this no picture reaches, even where its size is not known.
LARGEST = 1_000_000


def leaving(
    left: float, top: float, right: float, bottom: float, size: tuple[int, int] | None
) -> str | None:
    """In words where a shape with these bounds (px) leaves the picture; None when it stays."""
    width, height = size or (LARGEST, LARGEST)
    if left < -SLACK:
        return f"leaves the picture on the left: it begins at x = {words(left)}"
    if top < -SLACK:
        return f"leaves the picture at the top: it begins at y = {words(top)}"
    if right > width + SLACK:
        end = words(right)
        return f"leaves the picture on the right: it ends at x = {end}, the picture at {width}"
    if bottom > height + SLACK:
        end = words(bottom)
        return f"leaves the picture at the bottom: it ends at y = {end}, the picture at {height}"
    return None
