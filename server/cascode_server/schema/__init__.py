"""The wire format, described once: what clients send, what the server and the command line answer.

TypeScript types, Lua annotations and docs/protocol.md are generated from these shapes by ``make generate``.
"""
