"""Everything that must not be lost: roots, files, photos, embeddings, failures and models, in one SQLite database.

`Database.open` is the way in; its parts return the records of `searchengine.records` or NumPy arrays, never SQL or
ORM objects. What only SQLite knows stands in `sqlite.py`. The FAISS file and the thumbnails are caches of what stands
here, and live elsewhere.
"""
