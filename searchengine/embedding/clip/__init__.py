"""The dual encoder in our own code: its towers, their configurations, its checkpoints. `README.md` explains it."""
