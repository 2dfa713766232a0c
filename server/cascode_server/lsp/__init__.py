"""The language server: one ability of the protocol a module, thin, over one seam to the indexer."""
