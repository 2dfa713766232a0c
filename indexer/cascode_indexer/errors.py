"""What can go wrong, drawn as a tree by what the caller can do about it.

CascodeError                  one complete line: the offending value and the fix
├── WorkspaceError            the folder cannot be walked: name another one or fix its permissions
├── QueryError                the question cannot be answered as asked: change it
├── PackError                 a file is no pack, or not one of this model: fetch or make another one
└── IndexStoreError           the index cannot be written or read: free space, fix permissions, clean
    └── IndexBusyError        another process writes this index: wait for it or read only
"""

from __future__ import annotations


class CascodeError(Exception):
    """A problem that its reader can fix; the message is one complete line with the fix."""


class WorkspaceError(CascodeError):
    """The workspace is missing, is not a folder, or cannot be read."""


class QueryError(CascodeError):
    """The query or one of its filters is invalid."""


class PackError(CascodeError):
    """A file is no pack, is damaged, or was made by another model."""


class IndexStoreError(CascodeError):
    """The index on disk cannot be written or read."""


class IndexBusyError(IndexStoreError):
    """Another process is writing this index."""
