"""Writes tests/fixtures/tokens/counts.json: what real tokenizers make of sources, Markdown and JSON of this repository.

Not part of any verb: run by hand when a tokenizer is to be added, on a machine with node, with two arguments: a
folder where ``npm install gpt-tokenizer`` was run (o200k_base and cl100k_base), and the ``tokenizer.json`` that the
package ``anthropic==0.34.2`` on PyPI brings.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tokenizers import Tokenizer

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "tests" / "fixtures"
_NODE = """
import {countTokens as cl100k} from 'gpt-tokenizer/encoding/cl100k_base';
import {countTokens as o200k} from 'gpt-tokenizer/encoding/o200k_base';
import {readFileSync} from 'node:fs';
const texts = JSON.parse(readFileSync(0, 'utf8'));
console.log(JSON.stringify(texts.map((text) => ({o200k_base: o200k(text), cl100k_base: cl100k(text)}))));
"""


def main(node_folder: Path, claude: Path) -> None:
    """Count every sample.

    Args:
        node_folder: Holds ``node_modules``.
        claude: The file of a tokenizer.
    """
    samples = sorted(
        path.relative_to(ROOT).as_posix()
        for path in (*FIXTURES.joinpath("extract").rglob("*"), *FIXTURES.joinpath("tokens").glob("*.txt"))
        if path.is_file() and path.suffix != ".json"
    )
    texts = [ROOT.joinpath(sample).read_text(encoding="utf-8") for sample in samples]
    texts += [json.dumps({"code": text}, ensure_ascii=False) for text in texts]
    script = node_folder / "count-tokens.mjs"
    script.write_text(_NODE, encoding="utf-8")
    done = subprocess.run(["node", script], input=json.dumps(texts), capture_output=True, text=True, check=True)
    tokenizer = Tokenizer.from_file(str(claude))
    counts = json.loads(done.stdout)
    for count, text in zip(counts, texts, strict=True):
        count["claude_2"] = len(tokenizer.encode(text, add_special_tokens=False))
    half = len(samples)
    result = {sample: {"text": counts[number], "json": counts[half + number]} for number, sample in enumerate(samples)}
    file = FIXTURES / "tokens" / "counts.json"
    file.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
