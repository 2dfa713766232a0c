"""An installation without torch indexes, searches and reranks as one with torch does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cascode_models.load import ENGINE_VARIABLE

SOURCES = {
    "upload.py": '''
def retry_failed_upload(queue, attempts):
    """Send what could not be sent before, waiting longer each time."""
    for attempt in range(attempts):
        if queue.send():
            return
        time.sleep(2**attempt)


def progress_of(upload):
    return upload.sent / upload.size
''',
    "config.py": '''
def load_settings(path):
    """Read the configuration file of the user."""
    return json.loads(path.read_text())


class SettingsError(Exception):
    """The configuration cannot be read."""
''',
    "shapes.go": """
package shapes

// Area of a circle.
func CircleArea(radius float64) float64 { return math.Pi * radius * radius }
""",
}
QUESTIONS = ["send again what failed", "read the user's configuration", "surface of a round shape"]

BEST = ["retry_failed_upload", "load_settings", "CircleArea"]

#: Indexes and asks; the packages named first cannot be imported.
PROGRAM = """
import json, sys
from pathlib import Path

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in sys.argv[1].split(","):
            raise ModuleNotFoundError(f"no module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from cascode import Engine, SearchRequest
with Engine([Path(sys.argv[2])]) as engine:
    encoded = sum(report.encoded for report in engine.update())
    answers = [engine.search(SearchRequest(question)) for question in sys.argv[3:]]
    hits = [
        [(hit.path, hit.name, hit.stage, hit.probability) for hit in answer.hits] for answer in answers
    ]
    print(json.dumps({"engine": engine.model.engine, "hits": hits, "encoded": encoded, "modules": sorted(sys.modules)}))
"""


def ask(workspace: Path, index: Path, engine: str, missing: str) -> dict[str, Any]:
    """Index a workspace and ask the questions in a process of its own."""
    environment = os.environ | {"CASCODE_INDEX_DIR": str(index), ENGINE_VARIABLE: engine}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, missing, str(workspace), *QUESTIONS],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def test_the_answers_are_those_of_torch(tmp_path: Path) -> None:
    """The same hits in the same order, reranked, where nothing of torch can be imported."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    for name, text in SOURCES.items():
        (workspace / name).write_text(text)
    light = ask(workspace, tmp_path / "light", "auto", "torch,transformers,tokenizers,huggingface_hub")
    reference = ask(workspace, tmp_path / "torch", "torch", "")
    assert str(light["engine"]).startswith("OpenVINO ")
    assert str(reference["engine"]).startswith("torch ")
    # openvino_telemetry reports to OpenVINO's makers as soon as OpenVINO's converters are imported.
    unwanted = {"torch", "transformers", "cascode_lab", "huggingface_hub", "openvino_telemetry"}
    assert not {str(name).partition(".")[0] for name in light["modules"]} & unwanted
    for mine, theirs in zip(light["hits"], reference["hits"], strict=True):
        assert [hit[:3] for hit in mine] == [hit[:3] for hit in theirs]
        assert [hit[3] for hit in mine] == pytest.approx([hit[3] for hit in theirs], abs=0.02)
    best = [hits[0] for hits in light["hits"]]
    assert [hit[1] for hit in best] == BEST
    assert {hit[2] for hit in best} == {"cascade"}


def test_vectors_of_both_engines_mix(tmp_path: Path) -> None:
    """What one has encoded is not encoded by the other, and is found by its queries."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "upload.py").write_text(SOURCES["upload.py"])
    first = ask(workspace, tmp_path / "index", "torch", "")
    (workspace / "config.py").write_text(SOURCES["config.py"])
    (workspace / "shapes.go").write_text(SOURCES["shapes.go"])
    mixed = ask(workspace, tmp_path / "index", "openvino", "torch,transformers,tokenizers")
    assert first["hits"][0][0][1] == "retry_failed_upload"
    assert [hits[0][1] for hits in mixed["hits"]] == BEST
    assert (first["encoded"], mixed["encoded"]) == (2, 3)
