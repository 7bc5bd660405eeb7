"""From a query to its answer: filters, retrieval, and what a person should know of it."""
