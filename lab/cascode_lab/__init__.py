"""The lab: corpora, training, and the measurement of models and of the search on a person's own code.

Nothing here is needed to index or to search: the server imports it inside the commands that train and measure.
"""
