"""The rows of the result, and how they are printed."""

from dataclasses import dataclass


@dataclass
class Row:
    """One promise: `value` must be at most `limit`, and would better be at most `aim`.

    own, other: what was measured, as text. unit: of value and limit, "×" for a ratio.
    """

    what: str
    own: str
    other: str
    value: float | None
    unit: str
    limit: float
    aim: float | None = None

    @property
    def is_met(self):
        return self.value is not None and self.value <= self.limit

    @property
    def verdict(self):
        if self.value is None:
            return "not measured"
        if not self.is_met:
            return "NOT MET"
        return "met" if self.aim is None or self.value <= self.aim else "met, aim not reached"

    @property
    def cells(self):
        measured = "–" if self.value is None else amount(self.value, self.unit)
        return [self.what, self.own, self.other, measured, amount(self.limit, self.unit),
                "" if self.aim is None else amount(self.aim, self.unit), self.verdict]


HEADINGS = ["what", "servercheck", "compared with", "measured", "at most", "aim", ""]


def amount(value, unit):
    if unit == "×" and value < 0.01:
        return f"1/{1 / value:.0f}"
    digits = 3 if unit == "×" and value < 0.1 else 2 if unit == "×" else 1
    return f"{value:.{digits}f} {unit}"


def milliseconds(seconds):
    return f"{seconds * 1000:.2f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


def plain(rows):
    """For a terminal."""
    lines = [HEADINGS] + [row.cells for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def markdown(rows):
    lines = [HEADINGS, ["---"] * len(HEADINGS)] + [[cell.replace("|", "\\|") for cell in row.cells] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
