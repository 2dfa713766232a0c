"""HCL (Terraform, Packer, Nomad): blocks, named as Terraform addresses them."""

from __future__ import annotations

from tree_sitter import Node

from cascode_indexer.extract.forms import CommentForms
from cascode_indexer.extract.spec import Files, LanguageSpec

_QUERY = """
(config_file (body (block . (identifier) @name . (body) @body) @constant))
(config_file (body (block (string_lit) @name . (block_start) . (body) @body) @constant))
(config_file (body (block . (identifier) @name . (block_start) . (body) @body) @constant))
(comment) @comment
"""

#: What addresses leave out or abbreviate.
_SHORT = {"resource": [], "variable": ["var"]}


def _address(node: Node, source: bytes) -> list[str]:
    """``resource "aws_s3_bucket" "logs"`` is ``aws_s3_bucket.logs``, ``variable "name"`` is ``var.name``."""
    labels = [
        source[child.start_byte : child.end_byte].decode("utf-8", "surrogatepass").strip('"')
        for child in node.named_children
        if child.type in ("identifier", "string_lit")
    ]
    return [*_SHORT.get(labels[0], labels[:1]), *labels[1:]] if labels else []


SPEC = LanguageSpec(
    id="hcl",
    name="Terraform",
    position=270,
    files=Files(
        suffixes=(".tf", ".tofu", ".hcl", ".nomad"),
        tests=(r"\.tftest\.hcl$",),
    ),
    editor_ids=("terraform", "hcl", "opentofu"),
    aliases=("tf", "tofu"),
    comments=CommentForms(line=("#", "//")),
    grammars={"": "tree_sitter_hcl:language"},
    query=_QUERY,
    spread_name=_address,
    signature_tail=("{",),
)
