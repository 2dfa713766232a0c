"""Keeps a store up to date with its workspace: scan, parse, store, encode."""
