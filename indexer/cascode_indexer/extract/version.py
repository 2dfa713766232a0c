"""Which extraction an index was read by."""

from __future__ import annotations

#: Raise it whenever extraction gives other functions than before, or texts are split into other passages: every file is
#: then read again, and what no parser survived is tried again.
EXTRACTION_VERSION = 12
