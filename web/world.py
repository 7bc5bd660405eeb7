"""Spots on the map of the world, which `static/world.svg` draws in tenths of a degree from 180° W, 90° N."""

from __future__ import annotations

from dataclasses import dataclass

from web.texts import gettext as _

WIDTH, HEIGHT = 3600, 1800  # units of the map
WINDOW = (900, 450)  # of these, what a small map shows


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on Earth."""

    latitude: float  # degrees, north positive
    longitude: float  # degrees, east positive

    @property
    def x(self) -> float:
        """From the left of the map, in its units."""
        return round((self.longitude + 180) * 10, 1)

    @property
    def y(self) -> float:
        """From the top of the map, in its units."""
        return round((90 - self.latitude) * 10, 1)

    def near(self, distance: str) -> str:
        """The query for photos that were taken within a distance of it, as 10km."""
        return f"near:{self.latitude:.4f},{self.longitude:.4f},{distance}"

    @property
    def words(self) -> str:
        """As people write it: 48.857° N, 2.352° E."""
        latitude, longitude = f"{abs(self.latitude):.3f}", f"{abs(self.longitude):.3f}"
        up = _("%(degrees)s° N", degrees=latitude) if self.latitude >= 0 else _("%(degrees)s° S", degrees=latitude)
        along = (
            _("%(degrees)s° E", degrees=longitude) if self.longitude >= 0 else _("%(degrees)s° W", degrees=longitude)
        )
        return f"{up}, {along}"

    @property
    def window(self) -> str:
        """The part of the map around it, as an SVG's `viewBox`."""
        width, height = WINDOW
        left = min(max(0.0, self.x - width / 2), WIDTH - width)
        top = min(max(0.0, self.y - height / 2), HEIGHT - height)
        return f"{left:.0f} {top:.0f} {width} {height}"
