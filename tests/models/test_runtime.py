"""What importing the package sets up."""

from __future__ import annotations

import os
import subprocess
import sys


def wait_policy(environment: dict[str, str]) -> str:
    """OpenMP's wait policy after the package is imported in a fresh process."""
    code = "import os, sys, cascode_models; assert 'torch' not in sys.modules; print(os.environ['OMP_WAIT_POLICY'])"
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return result.stdout.strip()


def test_threads_do_not_spin_unless_the_user_wants_it() -> None:
    """Importing the package is light, makes waiting threads sleep, and respects the user's own setting."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    assert wait_policy(environment) == "PASSIVE"
    assert wait_policy(environment | {"OMP_WAIT_POLICY": "ACTIVE"}) == "ACTIVE"
