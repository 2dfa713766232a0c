"""Walking, extraction, store, indexes, ranking and the search cascade of CasCode."""
