"""The runtime of the CasCode model: text preparation, network, heads, inference and bundled weights."""

from __future__ import annotations

import os

from .cores import bound_openmp

# OpenMP's threads spin while they wait for each other. On a machine that is busy with something else, as a
# developer's is, that was measured to turn a 3 ms query into 600 ms. OpenMP reads this when torch is imported,
# hence here; a value the user has set is kept.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# oneDNN keeps a compiled primitive for each shape of a batch, 1,024 of them, and indexing meets a new shape in nearly
# every batch: memory would grow by hundreds of megabytes. A handful serves the shapes in use.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
# OpenMP reads this when torch is imported, too.
bound_openmp()
