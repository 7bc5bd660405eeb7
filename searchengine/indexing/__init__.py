"""Folders of photos into a library: scan, compare, decode, embed, commit.

`Indexer` is the way in. Nothing here knows how a photo is decoded, how a vector is computed or how a row is written;
here it is decided what must be done to which file, in which order, and what may be concluded from its absence.
"""
