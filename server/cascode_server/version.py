"""The version of this installation."""

from __future__ import annotations


def version() -> str:
    """Return the version: of the build, or, where the sources were never built, of what is installed.

    The metadata of a distribution is a mail message, and its reader takes longer to import than all else that
    ``initialize`` needs.
    """
    try:
        from cascode_server._version import __version__
    except ImportError:
        from importlib.metadata import version as installed_version

        return installed_version("cascode")
    return str(__version__)
