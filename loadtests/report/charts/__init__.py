"""Small SVG charts, drawn so that they fit any width and their letters never shrink.

Rule: a chart is a pure function of the analysed values to a piece of HTML; the same values give the same bytes.
Across, places are percentages; upright, pixels; letters are never inside scaled coordinates. A target keeps its colour
and its shape everywhere (class t0, t1, …: report.css holds the colours for light and dark), so that nobody depends on
colour alone, and nothing is shown by hovering alone. Numbers stand beside the marks and in the tables.
Neighbours: `axis` (scales), `svg` (marks and lines), a module for each kind of chart; views and html put them on the
page; docs/decisions/0004-charts.md says why they are our own.
"""

from loadtests.report.charts.axis import Axis
from loadtests.report.charts.svg import SHAPES, mark, swatch, symbols

__all__ = ["SHAPES", "Axis", "mark", "swatch", "symbols"]
