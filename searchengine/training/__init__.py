"""How a model is made, and what it is worth: training and evaluation. Nothing here is needed to search."""
