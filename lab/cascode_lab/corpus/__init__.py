"""The training corpus: documented functions out of published packages, filtered, split and de-duplicated."""
