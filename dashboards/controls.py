"""The browser's own fields as Dash components; `browser/dashboards.js` draws them."""

from typing import Any

from dash.development.base_component import Component


class _Own(Component):
    _namespace = "touchstone"
    _children_props: list[str] = []  # noqa: RUF012 - the name and form Dash asks for
    _base_nodes = ["children"]  # noqa: RUF012
    _valid_wildcard_attributes: list[str] = []  # noqa: RUF012

    def __init__(self, **given: Any):
        self._prop_names = list(given)
        self.available_properties = [*given, "value"]
        self.available_wildcard_properties: list[str] = []
        super().__init__(**given)


class Select(_Own):
    """A drop-down: `options` are {"value", "label"}; the value is told as text."""

    _type = "Select"


class Typed(_Own):
    """A field to type in; its value is told when it is left, or at every key with `live`."""

    _type = "Typed"


class Tick(_Own):
    """A box to tick; `label` is for who does not see it, `value` whether it is ticked."""

    _type = "Tick"


class PointMap(_Own):
    """Points on a canvas: `figures_data.embedding_map` and `label`; tells `chosen` (assets drawn
    around) and `pointed` (the one pointed at), of which `tip` says more."""

    _type = "PointMap"


class Boxes(_Own):
    """Boxes over a picture of `width` × `height` px: {"kind", "x", "y", "width", "height"}."""

    _type = "Boxes"


def options(pairs: Any, nothing: str | None = None) -> list[dict[str, str]]:
    """(value, name) as a drop-down takes them; `nothing` is what an empty choice is called."""
    listed = [] if nothing is None else [{"value": "", "label": nothing}]
    return listed + [{"value": str(value), "label": str(name)} for value, name in pairs]
