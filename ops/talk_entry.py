"""Where the answer to a question stands in the guideline. Pure: markdown in, markdown out."""

import re

SECTION = "## Questions and answers"


def with_entry(markdown: str, entry: str) -> str:
    """`markdown` with `entry` at the end of its questions and answers, which begin when needed."""
    lines = markdown.rstrip().split("\n")
    heads = [i for i, line in enumerate(lines) if line.strip().lower() == SECTION.lower()]
    if not heads:
        return f"{markdown.rstrip()}\n\n{SECTION}\n\n{entry}".lstrip()
    after = range(heads[-1] + 1, len(lines))
    end = next((i for i in after if re.match(r"##? ", lines[i])), len(lines))
    before, rest = "\n".join(lines[:end]).rstrip(), "\n".join(lines[end:])
    return f"{before}\n\n{entry}" + (f"\n\n{rest}" if rest else "")
