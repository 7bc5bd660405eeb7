"""Numbers to an order. Pure NumPy; knows no model and no database."""
