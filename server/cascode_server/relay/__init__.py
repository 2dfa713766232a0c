"""Between an editor and the resident server of its user: a process without a model, an index or a framework.

Nothing here imports more of the standard library than a relay needs, and nothing of ours besides: there is a relay for
each open editor, and an import that costs a megabyte costs it as often.
"""
