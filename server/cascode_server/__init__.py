"""The front ends of CasCode: command line and language server, thin over the indexer."""
