"""From a photo to words: labels, captions, classes."""
