"""The systems of the literature on the same backbone, data and evaluation, and the tables that compare them."""
