"""Builds what is published, and checks it as a user would get it: `make release`.

Wheel, source distribution, the extension for VS Code with the wheel inside and without, and the notes of the version
out of CHANGELOG.md lie in build/release afterwards. Each distribution is installed into clean environments by every
tool and Python found here, and asked a question. Nothing is uploaded: .github/workflows/release.yml does that.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

from project_version import ROOT, version

OUTPUT = ROOT / "build" / "release"
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
#: What an installation may take: promised in docs/install.md.
MOST_WHEEL_BYTES = 60_000_000
QUESTION = "send again what failed"
SOURCE = """def retry_failed_upload(queue, attempts):
    for attempt in range(attempts):
        if queue.send():
            return
"""


def main() -> None:
    """Build, check and say what there is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tagged", action="store_true", help="refuse to build what is not on a version's tag")
    parser.add_argument("--no-extension", action="store_true", help="leave the extension for VS Code out")
    parser.add_argument("--no-checks", action="store_true", help="build only")
    arguments = parser.parse_args()
    named = version()
    check_versions(named, tagged=arguments.tagged)
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir(parents=True)
    (OUTPUT / "NOTES.md").write_text(notes(named, tagged=arguments.tagged), encoding="utf-8")
    wheel, source = build()
    if wheel.stat().st_size > MOST_WHEEL_BYTES:
        sys.exit(f"{wheel.name} is larger than the {MOST_WHEEL_BYTES} bytes that were promised")
    check_contents(wheel)
    if not arguments.no_extension:
        build_extension(wheel)
    if not arguments.no_checks:
        for how, command in clean_installations(wheel, source):
            ask(how, command)
    for path in sorted(OUTPUT.iterdir()):
        print(f"{path.stat().st_size:>12,}  {path.relative_to(ROOT)}")


def extension_version() -> str:
    """Return the version that the extension for VS Code names."""
    manifest = (ROOT / "vscode-extension" / "package.json").read_text(encoding="utf-8")
    return str(json.loads(manifest)["version"])


def check_versions(named: str, *, tagged: bool) -> None:
    """Refuse a release whose parts name different versions."""
    extension = extension_version()
    if tagged and ("dev" in named or named != extension):
        sys.exit(f"the tag says {named}, vscode-extension/package.json {extension}: tag the commit that names it")


def notes(named: str, *, tagged: bool, changelog: Path = ROOT / "CHANGELOG.md") -> str:
    """Return the changelog's section of a version; without a tag, that of what is unreleased does, too."""
    sections = re.split(r"^## ", changelog.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    for section in sections:
        title, _, body = section.partition("\n")
        unreleased = "(unreleased)" in title
        if (title.split()[0] == named and not (tagged and unreleased)) or (unreleased and not tagged):
            return body.strip() + "\n"
    sys.exit(f"CHANGELOG.md has no section for {named}{' that is not (unreleased)' if tagged else ''}: write one")


def check_contents(wheel: Path) -> None:
    """Refuse a wheel whose description leads nowhere on PyPI, or that lacks a licence's text."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        description = archive.read(metadata).decode().partition("\n\n")[2]
    if "mcp-name: " not in description:
        sys.exit(f"the description in {wheel.name} has no mcp-name, which the registry of MCP servers looks for")
    if relative := relative_targets(description):
        sys.exit(f"the description in {wheel.name} leads nowhere on PyPI: {', '.join(relative)}")
    for text in ("LICENSE", "NOTICE"):
        if not any(name.endswith(f".dist-info/licenses/{text}") for name in names):
            sys.exit(f"{wheel.name} has no {text}")


def relative_targets(markdown: str) -> list[str]:
    """Return where links and pictures lead that hold only beside the files of the repository."""
    targets = re.findall(r'\]\(([^)\s]+)|\b(?:src|srcset|href)="([^"]+)', markdown)
    return [target for pair in targets for target in pair if target and not re.match(r"https?://|#|mailto:", target)]


def build() -> tuple[Path, Path]:
    """Build wheel and source distribution, the wheel out of the unpacked source distribution."""
    with tempfile.TemporaryDirectory(prefix="cascode-release-") as folder:
        python = environment(Path(folder) / "venv")
        run(python, "-m", "pip", "install", "--quiet", "build")
        run(python, "-m", "build", "--outdir", str(OUTPUT), str(ROOT))
    (wheel,), (source,) = OUTPUT.glob("*.whl"), OUTPUT.glob("*.tar.gz")
    return wheel, source


def build_extension(wheel: Path) -> None:
    """Package the extension with the wheel and without, and see that a plain `vsce package` passes."""
    folder = ROOT / "vscode-extension"
    named = extension_version()
    run("sh", "scripts/setup-extension.sh")
    run("node", "scripts/package.mjs", cwd=folder)
    run("node", "scripts/package.mjs", "--wheel", str(wheel), cwd=folder)
    run("npx", "--no-install", "vsce", "package", "--no-dependencies", "--out", str(OUTPUT / "plain.vsix"), cwd=folder)
    (OUTPUT / "plain.vsix").unlink()
    # By name: files of earlier versions may lie there.
    for path in (folder / f"cascode-{named}.vsix", folder / "build" / f"cascode-{named}-without-server.vsix"):
        shutil.copy(path, OUTPUT / path.name)


def clean_installations(wheel: Path, source: Path) -> Iterator[tuple[str, list[str]]]:
    """Install in every way there is here; yield how, and the command line of the program."""
    with tempfile.TemporaryDirectory(prefix="cascode-release-") as folder:
        base = Path(folder)
        for interpreter in interpreters():
            python = environment(base / Path(interpreter).name, interpreter)
            run(python, "-m", "pip", "install", "--quiet", str(wheel))
            yield f"pip, {Path(interpreter).name}", [str(Path(python).with_name("cascode"))]
        python = environment(base / "source")
        run(python, "-m", "pip", "install", "--quiet", str(source))
        yield "pip, from source", [str(Path(python).with_name("cascode"))]
        if uv := shutil.which("uv"):
            yield "uvx", [uv, "tool", "run", "--from", str(wheel), "cascode"]
        if pipx := shutil.which("pipx"):
            yield "pipx", [pipx, "run", "--spec", str(wheel), "cascode"]


def interpreters() -> list[str]:
    """Every Python that is installed here in a version that is promised; this one where none of them is.

    A name on the path may be a version manager's and lead nowhere.
    """
    found = [path for name in PYTHONS if (path := shutil.which(f"python{name}")) and _runs(path)]
    return found or [sys.executable]


def _runs(interpreter: str) -> bool:
    """Whether a Python starts, and can make environments."""
    try:
        return (
            subprocess.run([interpreter, "-c", "import ensurepip, venv"], capture_output=True, check=False).returncode
            == 0
        )
    except OSError:
        return False


def ask(how: str, command: list[str]) -> None:
    """Ask an installation a question about a workspace that it never saw."""
    with tempfile.TemporaryDirectory(prefix="cascode-release-") as folder:
        (Path(folder) / "upload.py").write_text(SOURCE, encoding="utf-8")
        variables = {**os.environ, "CASCODE_INDEX_DIR": f"{folder}/index"}
        asked = [*command, "search", QUESTION, "--workspace", folder, "--format", "jsonl"]
        done = subprocess.run(asked, capture_output=True, text=True, env=variables, check=False)
    if done.returncode or json.loads(done.stdout)["hits"][0]["name"] != "retry_failed_upload":
        sys.exit(f"installed by {how}, it does not answer: {done.stderr or done.stdout}")
    print(f"installed by {how}, it answers")


def environment(folder: Path, interpreter: str | None = None) -> str:
    """Make a virtual environment; return its Python."""
    if interpreter is None:
        venv.create(folder, with_pip=True)
    else:
        run(interpreter, "-m", "venv", str(folder))
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def run(*command: str, cwd: Path = ROOT) -> None:
    """Run a command; end where it fails."""
    try:
        subprocess.run(command, cwd=cwd, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"{' '.join(command)} failed ({error})")


if __name__ == "__main__":
    main()
