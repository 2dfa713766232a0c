"""Parts of libraries that they do not promise: each is named here, and its library has an upper bound."""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest

from cascode_models.openvino_library import load_openvino

#: By distribution: each module with the names in it that are used; a dot leads to an attribute of a class.
PARTS: dict[str, dict[str, tuple[str, ...]]] = {
    "pygls": {
        "pygls.protocol.json_rpc": (
            "MsgId",
            "JsonRPCProtocol._execute_handler",
            "JsonRPCProtocol._get_handler",
            "JsonRPCProtocol._send_data",
            "JsonRPCProtocol._send_handler_result",
            "JsonRPCProtocol._send_response",
            "JsonRPCProtocol._serialize_message",
            "JsonRPCProtocol._handle_cancel_notification",
        ),
        "pygls.protocol": ("LanguageServerProtocol._register_builtin_features",),
    },
    "pathspec": {"pathspec.patterns.gitignore.spec": ("GitIgnoreSpecPattern.pattern_to_regex",)},
    # See below: importing the part is what is not wanted.
    "openvino": {},
    "transformers": {"transformers.masking_utils": ("AttentionMaskInterface", "eager_mask")},
    "watchdog": {
        "watchdog.observers.inotify_c": (
            "CallbackId",
            "InotifyConstants",
            "InotifyEvent",
            "InotifyFD.add_callback",
            "InotifyFD.remove_callbacks",
            "Mask",
            "WatchDescriptor",
        )
    },
}
#: Attributes that instances of the protocol get in ``__init__``.
PROTOCOL_ATTRIBUTES = ("_request_futures", "_result_types", "_ctx_msg_id", "_shutdown", "_converter", "writer")


@pytest.mark.parametrize(
    ("distribution", "module", "name"),
    [
        (distribution, module, name)
        for distribution, modules in PARTS.items()
        for module, names in modules.items()
        for name in names
    ],
)
def test_private_part_is_there(distribution: str, module: str, name: str) -> None:
    """A release of a library that drops a part that we use fails here, by the part's name."""
    if distribution == "watchdog" and (sys.platform != "linux" or sys.version_info < (3, 11)):
        pytest.skip("watchdog's inotify layer is used on Linux with Python 3.11 or later")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        assert hasattr(found, part), f"{distribution} no longer has {module}.{name}: adapt its user, or lower the bound"
        found = getattr(found, part)


def test_the_converters_of_openvino_are_where_they_are_hidden() -> None:
    """`import openvino` is kept from a module by its name: under another one it would report to its makers again."""
    load_openvino()
    assert importlib.util.find_spec("openvino.tools.ovc") is not None, "adapt openvino_library.py, or lower the bound"


@pytest.mark.parametrize("name", PROTOCOL_ATTRIBUTES)
def test_protocol_has_its_attributes(name: str) -> None:
    """pygls' protocol keeps its requests, their types and its life where lsp/wire.py looks for them."""
    from pygls.lsp.server import LanguageServer

    protocol = LanguageServer("test", "1").protocol
    assert hasattr(protocol, name), f"pygls' protocol no longer has {name}: adapt lsp/wire.py, or lower the bound"


@pytest.mark.parametrize("distribution", PARTS)
def test_libraries_with_used_private_parts_have_an_upper_bound(distribution: str) -> None:
    """What may change without notice is not taken in a version that nobody tried."""
    needed = [line for line in requires("cascode") or () if re.match(rf"{distribution}\b", line)]
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    declared = re.search(rf'"{distribution}(>=[^"]*)"', text)
    assert needed
    assert declared is not None
    assert "<" in declared[1], f"{distribution} needs an upper bound in pyproject.toml"
