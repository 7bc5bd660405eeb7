"""Files on disk to pixels and facts. Knows no model and no database; Pillow is used here and nowhere above."""
