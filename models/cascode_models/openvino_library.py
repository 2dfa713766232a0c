"""OpenVINO, imported without its converters: importing those sends a notice to the makers over the network.

``import openvino`` imports ``openvino.tools.ovc`` where it can, which calls ``openvino_telemetry`` there and then. A
name that stands for None in ``sys.modules`` cannot be imported, and OpenVINO goes on without; that saves half of the
time as well. Every module of this package takes OpenVINO from here; a test holds that nothing else is loaded.
"""

from __future__ import annotations

import sys
from typing import Any

#: The converters, and what sends: should a release import the second by another way, it finds nothing either.
_HIDDEN = ("openvino.tools.ovc", "openvino_telemetry")


def load_openvino() -> tuple[Any, Any]:
    """Return OpenVINO, and the operations that graphs are built of."""
    hidden = [name for name in _HIDDEN if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        import openvino
        from openvino import opset13
    finally:
        for name in hidden:
            del sys.modules[name]
    return openvino, opset13
